# Stand-in for a Slicer build tree: the extension's own CMakeLists.txt configures, builds, tests and packages with it, without Slicer.
# The rules are those of Slicer's macros as far as a scripted extension meets them.
set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake)
set(Slicer_EXTENSION_GENERATE_CONFIG ${CMAKE_CURRENT_LIST_DIR}/GenerateConfig.cmake)
set(Slicer_EXTENSION_CPACK ${CMAKE_CURRENT_LIST_DIR}/CPackExtension.cmake)
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer-5.11/qt-scripted-modules)
