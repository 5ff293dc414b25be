// Brings the sandbox in: its styles, the element in which it is, and its program.
import init from "./mqttlab-sandbox.js";

const styles = document.createElement("link");
styles.rel = "stylesheet";
styles.href = "./sandbox.css";
document.head.append(styles);

// One place for as long as the page lives: what is in it stays when somebody looks at something else meanwhile.
const place = document.createElement("div");
place.className = "sandbox";
window["mqttlab-sandbox-place"] = place;
customElements.define("mqttlab-sandbox", class extends HTMLElement {
  connectedCallback() {
    this.append(place);
    place.dispatchEvent(new Event("shown"));
  }
});

await init({ module_or_path: "./mqttlab-sandbox_bg.wasm" });
