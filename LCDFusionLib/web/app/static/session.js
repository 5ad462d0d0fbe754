// What only the browser can do: take files that are dropped or chosen, send them with progress, and save what comes.
window.lcdfusion = (() => {
  // trame's own page forbids to enlarge it.
  document.querySelector("meta[name=viewport]")?.setAttribute("content", "width=device-width, initial-scale=1");
  document.title = "LCDFusion";

  let request = null;
  let depth = 0;

  const show = (values) => {
    for (const [name, value] of Object.entries(values)) window.trame.state.set(`Screen__${name}`, value);
    window.trame.state.flush?.();
  };
  const done = (problem = "") => { request = null; show({ upload: -1, upload_problem: problem }); };
  const refusal = (answer) => {
    try { return JSON.parse(answer.responseText).error; } catch { return ""; }
  };

  function send(files) {
    if (!files.length || request) return;
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    const limit = Number(window.trame.state.get("Screen__upload_limit"));
    if (limit && bytes > limit) {
      const [have, may] = [bytes, limit].map((size) => `${Math.ceil(size / 1e6)} MB`);
      return done(`These files have ${have}, and ${may} may be sent: choose one study, or zip it.`);
    }
    const form = new FormData();
    for (const file of files) form.append("file", file, file.path_in_folder || file.name);
    request = new XMLHttpRequest();
    request.open("POST", "upload");
    request.upload.onprogress = (event) => event.lengthComputable && show({ upload: event.loaded / event.total });
    request.onload = () => done(request.status < 300 ? "" : refusal(request) || `The files were refused (${request.status}).`);
    request.onerror = () => done("The connection broke while the files were sent: try again.");
    request.onabort = () => done();
    show({ upload: 0, upload_problem: "" });
    request.send(form);
  }

  // A dropped folder comes as an entry that has to be read, a hundred names at a time.
  async function filesOf(entry, path = "") {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      file.path_in_folder = path + file.name;
      return [file];
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!entries.length) return found;
      for (const each of entries) found.push(...(await filesOf(each, `${path}${entry.name}/`)));
    }
  }

  async function dropped(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.length) return send([...transfer.files]);
    try {
      send((await Promise.all(entries.map((entry) => filesOf(entry)))).flat());
    } catch {
      done("What was dropped could not be read: try again, or zip it.");
    }
  }

  // The connection is gone: either the session has ended, and a new one can begin, or the server is not there.
  const GONE_MS = 4000;
  let lostAt = 0;
  let wasConnected = false;
  setInterval(async () => {
    // trame's client says that it is connected after the end, too; what it does then is to put these words in place of the page,
    // and be it before the first look.
    const isClosed = document.body.innerText.trim() === "Connection closed";
    if (window.trame?.client?.isConnected() && !isClosed) {
      wasConnected = true;
      lostAt = 0;
      return;
    }
    if (!wasConnected && !isClosed) return;
    lostAt ||= Date.now();
    if (Date.now() - lostAt < GONE_MS || document.getElementById("gone")) return;
    const answers = await fetch("/", { method: "HEAD", cache: "no-store" }).then(() => true, () => false);
    const words = answers
      ? "This session has ended, and what it held was removed from the server. Begin a new one, and open the files again."
      : "The server does not answer: it was ended, or the network is down. Whoever runs it can start it again; then try again here.";
    const gone = Object.assign(document.createElement("div"), { id: "gone", role: "alertdialog", className: "gone" });
    const again = Object.assign(document.createElement("button"), { textContent: answers ? "New session" : "Try again" });
    again.onclick = () => location.reload();
    gone.append(Object.assign(document.createElement("p"), { textContent: words }), again);
    document.body.append(gone);
    again.focus();
  }, 1000);

  const over = (is_over) => document.getElementById("drop-zone")?.classList.toggle("is-over", is_over);
  const hasFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  window.addEventListener("dragenter", (event) => { if (hasFiles(event)) { event.preventDefault(); depth += 1; over(true); } });
  window.addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  window.addEventListener("dragleave", (event) => { if (hasFiles(event)) { depth -= 1; over(depth > 0); } });
  window.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    over(false);
    dropped(event.dataTransfer);
  });

  const fullScreen = () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
  function fold() {
    window.trame.state.set("Screen__folded", !window.trame.state.get("Screen__folded"));
  }
  window.lcdKeys = { f: fullScreen, p: fold };

  return {
    fullScreen,
    fold,
    choose() {
      const input = Object.assign(document.createElement("input"), { type: "file", multiple: true });
      input.onchange = () => send([...input.files]);
      input.click();
    },
    openSession() {
      const input = Object.assign(document.createElement("input"), { type: "file", accept: ".json" });
      input.onchange = async () => {
        const [file] = input.files;
        const most = 2e6; // it goes through the session's own connection
        if (file.size > most) return show({ upload_problem: `'${file.name}' is too large to be a session file of LCDFusion.` });
        window.trame.trigger("open_session", [file.name, await file.text()]);
      };
      input.click();
    },
    cancel() { request?.abort(); },
    leave(address) {
      const form = Object.assign(document.createElement("form"), { method: "post", action: address });
      document.body.append(form);
      form.submit();
    },
    download(address) {
      const link = Object.assign(document.createElement("a"), { href: address, download: "" });
      document.body.append(link);
      link.click();
      link.remove();
    },
  };
})();
