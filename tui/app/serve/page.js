"use strict";
/* What the page adds to textual-serve's script, which opens a terminal in #terminal once everything is loaded. */

addEventListener("DOMContentLoaded", () => {
  const terminal = document.getElementById("terminal");
  const again = document.getElementById("again");

  // The socket of the address that this page came from, whatever it is called; the ticket opens it once.
  const socket = new URL("ws/" + terminal.dataset.ticket, location.href);
  socket.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket.username = socket.password = socket.search = socket.hash = "";
  terminal.dataset.sessionWebsocketUrl = socket.href;

  if (!document.createElement("canvas").getContext("webgl2")) {
    const sorry = document.createElement("p");
    sorry.className = "sorry";
    sorry.textContent = "This browser has no WebGL 2, which the terminal is drawn with. "
      + "Turn on its hardware acceleration, or use another browser.";
    document.body.classList.add("-sorry");
    document.body.append(sorry);
  }

  // The keys go to the terminal from the beginning, and come back to it with the window.
  const focus = () => {
    const keys = document.querySelector(".xterm-helper-textarea");
    if (keys && !document.body.classList.contains("-closed")) keys.focus();
  };
  addEventListener("focus", focus);
  new MutationObserver(() => {
    if (document.body.classList.contains("-closed")) again.focus();
    else focus();
    dispatchEvent(new Event("resize"));
  }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  again.addEventListener("click", () => location.reload());
});

// A page that the browser had put aside has lost its socket.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
