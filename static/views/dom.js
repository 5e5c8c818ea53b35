/** Building pages from text. Nothing here parses HTML, so no text can become markup. */

/** Return the element of the page with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Let a button be pressed or not. It keeps the focus either way, which `disabled` would take from a keyboard user; so whoever
 * handles its clicks asks `isEnabled`.
 */
export function enable(button, enabled) {
  button.setAttribute("aria-disabled", String(!enabled));
}

/** Tell whether a button may be pressed. */
export function isEnabled(button) {
  return button.getAttribute("aria-disabled") !== "true";
}

/** Make an element with properties and children; strings become text. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
