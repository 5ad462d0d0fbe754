// The views' part in the browser: wheel and keys become whole slices, sent one message at a time, and the server hears which pictures came.
(function () {
  "use strict";

  const PIXELS_A_SLICE = 40; // of a touchpad, whose movements are small
  const PIXELS_A_SWIPE = 12; // of a finger, a slice
  const HOLD_MS = 250; // a space bar that is down for longer shows only as long as it is down

  // What is told while the connection is not open, as when the page is left, is lost with it; any other error is shown.
  const NOT_OPEN = -32099; // of wslink
  const call = (name, ...args) =>
    window.trame.trigger(name, args).catch((error) => {
      if (error?.code !== NOT_OPEN) throw error;
    });

  // Slices to scroll that were not sent yet; what comes while a message is under way goes with the next one.
  let slices = 0;
  let over = ""; // the view that they were scrolled in
  let small = 0;
  let underWay = false;

  async function send() {
    if (underWay) return;
    underWay = true;
    try {
      while (slices !== 0) {
        const now = slices;
        slices = 0;
        await call("lcd_scroll", now, over);
      }
    } catch (error) {
      slices = 0; // the connection is gone; a reader who comes back does not want these any more
    } finally {
      underWay = false;
    }
  }

  function scroll(count, view) {
    const name = view?.dataset.view ?? "";
    if (name !== over) slices = 0;
    over = name;
    slices += count;
    send();
  }

  // The keys of a reader who has turned to the images are for the images, not for the field that was used last.
  function leaveFields() {
    if (document.activeElement !== document.body) document.activeElement?.blur?.();
  }

  // A wheel with notches tells each in 120ths, however few pixels its system makes of it, or in lines; a touchpad does neither. Browsers
  // on macOS that tell no 120ths make multiples of one odd number of pixels of a notch (MapLibre's scroll_zoom.ts knows it too).
  const MACOS_NOTCH = 4.000244140625;
  const notches = (event) => Math.abs(event.wheelDeltaY ?? 0) / 120;
  const isNotch = (event) =>
    event.deltaMode !== 0 || event.deltaY % MACOS_NOTCH === 0 || (notches(event) > 0 && Number.isInteger(notches(event)));

  document.addEventListener(
    "wheel",
    (event) => {
      const view = event.target.closest?.(".lcd-view");
      if (!view || event.ctrlKey) return; // with Ctrl, Slicer zooms
      event.preventDefault();
      event.stopImmediatePropagation();
      leaveFields();
      const down = event.deltaMode === 1 ? event.deltaY * 40 : event.deltaMode === 2 ? event.deltaY * 120 : event.deltaY;
      if (Math.abs(down) >= 50 || isNotch(event)) {
        small = 0;
        scroll(-Math.sign(down) * Math.max(1, Math.floor(notches(event)), Math.round(Math.abs(down) / 120)), view); // some come as one event
        return;
      }
      small -= down;
      const whole = Math.trunc(small / PIXELS_A_SLICE);
      small -= whole * PIXELS_A_SLICE;
      if (whole !== 0) scroll(whole, view);
    },
    { capture: true, passive: false }
  );

  // One finger on a touch screen scrolls, as everywhere; two are the browser's own.
  let touch = null;
  document.addEventListener(
    "touchstart",
    (event) => {
      const view = event.target.closest?.(".lcd-view");
      touch = view && event.touches.length === 1 ? { view, y: event.touches[0].clientY, moved: false } : null;
      if (touch) event.stopImmediatePropagation(); // else it would be a drag, which changes the window
    },
    { capture: true, passive: true }
  );
  document.addEventListener(
    "touchmove",
    (event) => {
      if (!touch || event.touches.length !== 1) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const whole = Math.trunc((event.touches[0].clientY - touch.y) / PIXELS_A_SWIPE);
      if (whole === 0) return;
      touch = { ...touch, y: touch.y + whole * PIXELS_A_SWIPE, moved: true };
      scroll(whole, touch.view);
    },
    { capture: true, passive: false }
  );
  for (const kind of ["touchend", "touchcancel"]) {
    document.addEventListener(
      kind,
      (event) => {
        if (touch?.moved && event.cancelable) event.preventDefault(); // a swipe is no click
        if (touch) event.stopImmediatePropagation();
        touch = null;
      },
      { capture: true, passive: false }
    );
  }
  // A touch is a pointer too, which the view would take for a mouse that drags.
  for (const kind of ["pointerdown", "pointermove"]) {
    document.addEventListener(
      kind,
      (event) => {
        if (event.pointerType === "touch" && event.target.closest?.(".lcd-view")) event.stopImmediatePropagation();
      },
      true
    );
  }

  // Keys that move, by the slices they move.
  const STEPS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10, Home: -1e6, End: 1e6 };

  let byMouse = false; // a button or a list that was clicked keeps the focus, but the reader's keys are for the views
  document.addEventListener(
    "pointerdown",
    (event) => {
      byMouse = true;
      if (event.target.closest?.(".lcd-view")) leaveFields();
    },
    true
  );
  document.addEventListener("keydown", (event) => event.key === "Tab" && (byMouse = false), true);

  // What is typed in has its keys; so has a list while it is open, and whatever was walked to with Tab, unless that is a view.
  const isTypedIn = (target) => target.closest("textarea, [contenteditable=true]") !== null || (target.matches("input") && types(target));
  const types = (input) => !input.readOnly && !/^(checkbox|radio|range|button)$/.test(input.type) && !input.closest(".v-select");
  const isOpen = () => document.querySelector(".v-overlay--active [role=listbox], .v-overlay--active [role=menu], .v-dialog.v-overlay--active");

  function isTaken(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !document.querySelector(".lcd-views")) return true;
    const target = event.target instanceof Element ? event.target : document.body;
    if (isTypedIn(target) || isOpen()) return true;
    if (byMouse || target.closest(".lcd-view")) return false;
    return target.closest("button, a, summary, input, select, [role=slider], [role=tab], [role=combobox], [tabindex]") !== null;
  }

  // Enter and Escape end typing: what was typed counts, and the keys are for the views again.
  document.addEventListener("keydown", (event) => {
    if (/^(Enter|Escape)$/.test(event.key) && event.target.matches?.("input") && types(event.target)) {
      byMouse = true;
      event.target.blur();
    }
  });

  // A digit by the place of its key, because AZERTY has other signs on it; a letter by what is written on it.
  function nameOf(event) {
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
    const name = digit ?? (/^([a-z]|Escape)$/i.test(event.key) ? event.key : "");
    return name && event.shiftKey ? `Shift+${name}` : name;
  }

  document.addEventListener("dblclick", (event) => {
    const view = event.target.closest?.(".lcd-view");
    if (view) call("lcd_double", view.dataset.view);
  });
  document.addEventListener("auxclick", (event) => {
    if (event.detail === 2 && event.target.closest?.(".lcd-view")) call("lcd_key", "r");
  });

  let peeks = false;
  let pressedAt = 0;
  function peek(shown) {
    peeks = shown;
    call("lcd_peek", shown);
  }

  document.addEventListener(
    "keydown",
    (event) => {
      if (isTaken(event)) return;
      if (event.shiftKey && event.key.startsWith("Arrow")) {
        call("lcd_key", `Shift+${event.key}`);
      } else if (event.key in STEPS) {
        scroll(STEPS[event.key]);
      } else if (event.key === " ") {
        if (!event.repeat) {
          pressedAt = event.timeStamp;
          peek(!peeks);
        }
      } else if (event.repeat || !nameOf(event)) {
        return;
      } else if (window.lcdKeys?.[nameOf(event)]) {
        window.lcdKeys[nameOf(event)](); // the page's own
      } else {
        call("lcd_key", nameOf(event));
      }
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true
  );

  document.addEventListener(
    "keyup",
    (event) => {
      if (event.key !== " " || isTaken(event)) return;
      event.preventDefault(); // else a button that was clicked before is clicked again
      if (event.timeStamp - pressedAt > HOLD_MS) peek(!peeks);
    },
    true
  );

  document.addEventListener("pointerout", (event) => {
    const inside = (node) => node instanceof Element && node.closest(".lcd-view") !== null;
    if (inside(event.target) && !inside(event.relatedTarget)) call("lcd_left");
  });

  // Of several pages, one on each monitor, that in use gives the views their size: the last that was looked at or reached for.
  const isConnected = () => window.trame?.client?.isConnected();
  const use = () => isConnected() && call("lcd_use", document.visibilityState === "visible");
  document.addEventListener("visibilitychange", use);
  window.addEventListener("focus", use);
  document.documentElement.addEventListener("pointerenter", use);

  // Every picture has a name for those who do not see it, also one that comes later.
  function nameImages() {
    for (const image of document.querySelectorAll(".lcd-view img:not([alt])")) image.alt = image.closest(".lcd-view").dataset.label;
  }
  new MutationObserver(nameImages).observe(document.documentElement, { childList: true, subtree: true });

  // Tells the server which step was shown, after the browser has had time to show it.
  let seen = 0;
  let tells = false;
  function follow() {
    if (document.hasFocus()) use();
    window.trame.client
      .getConnection()
      .getSession()
      .subscribe("trame.rca.topic.stream", ([{ meta }]) => {
        seen = meta.step ?? seen;
        if (tells) return;
        tells = true;
        requestAnimationFrame(() => {
          tells = false;
          call("lcd_seen", seen);
        });
      });
  }

  (function wait() {
    if (isConnected()) window.trame.addConnectListener(follow);
    else setTimeout(wait, 50);
  })();
})();
