# Stand-in for a Slicer build tree: the extension's own CMakeLists.txt configures, builds, tests and packages with it, without Slicer.
# The rules are those of Slicer's macros as far as a scripted extension meets them.
set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake)
set(Slicer_EXTENSION_GENERATE_CONFIG ${CMAKE_CURRENT_LIST_DIR}/GenerateConfig.cmake)
set(Slicer_EXTENSION_CPACK ${CMAKE_CURRENT_LIST_DIR}/CPackExtension.cmake)
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer-5.11/qt-scripted-modules)

# Slicer's CMake/SlicerConfig.cmake.in makes this check, the same at v5.10.0, v5.12.3 and 5.13; Slicer is a program of 64 bits.
set(Slicer_CMAKE_SIZEOF_VOID_P 8)
if(NOT Slicer_CMAKE_SIZEOF_VOID_P EQUAL CMAKE_SIZEOF_VOID_P)
  message(FATAL_ERROR "Mismatch between bitness of '${CMAKE_PROJECT_NAME}' and 'Slicer': CMAKE_SIZEOF_VOID_P is '${CMAKE_SIZEOF_VOID_P}'")
endif()
# It then finds VTK, whose own configuration needs both languages.
get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
foreach(language C CXX)
  if(NOT "${language}" IN_LIST languages)
    message(FATAL_ERROR "VTK, which Slicer finds, needs the language ${language}: name it in project()")
  endif()
endforeach()
