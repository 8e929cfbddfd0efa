import { t } from "../../text/text.ts";
import { isComposing } from "../chat/send-key.ts";

/** A keyboard shortcut. "Mod" is Ctrl, or ⌘ on a Mac. */
interface Key {
	press: readonly string[];
}

/** The handled shortcuts. key-list.tsx names them. */
export const KEYS = {
	send: { press: ["Enter"] },
	newLine: { press: ["Shift", "Enter"] },
	editLast: { press: ["ArrowUp"] },
	stop: { press: ["Escape"] },
	search: { press: ["Mod", "k"] },
	chatActions: { press: ["ArrowRight"] },
	newChat: { press: ["Mod", "Shift", "o"] },
	version: { press: ["ArrowLeft", "ArrowRight"] },
	help: { press: ["?"] },
} as const satisfies Record<string, Key>;

export type KeyName = keyof typeof KEYS;

type Press = Pick<KeyboardEvent, "key" | "keyCode" | "isComposing" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">;

/** Whether a key press matches this shortcut and is not part of an input-method composition. */
export function isKey(event: KeyboardEvent | Press, name: KeyName): boolean {
	const press: readonly string[] = KEYS[name].press;
	const key = press.at(-1);
	// Some keyboards need Shift for a symbol.
	const isShift = key === "?" || event.shiftKey === press.includes("Shift");
	const isMod = (event.ctrlKey || event.metaKey) === press.includes("Mod");
	return isShift && isMod && !event.altKey && event.key.toLowerCase() === key?.toLowerCase() && !isComposing(event);
}

/** The value of `aria-keyshortcuts`. */
export const ariaKeys = (name: KeyName): string =>
	["Control", "Meta"]
		.map((mod) => KEYS[name].press.map((one) => (one === "Mod" ? mod : one.length === 1 ? one.toUpperCase() : one)).join("+"))
		.join(" ");

const names: Record<string, string> = { Escape: "Esc", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→" };

/** The label on a key, in the browser's system. */
export function keyName(key: string): string {
	if (key === "Mod") return /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘" : t("key_ctrl");
	return names[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
