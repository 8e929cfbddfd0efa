import { isComposing } from "../chat/send-key.ts";

/** A key of the page: what is pressed, and what it does. "Mod" is Ctrl, or the Mac's command key. */
interface Key {
	press: readonly string[];
	does: string;
	/** Where it works, if not everywhere. */
	where?: string;
}

/** The keys of the page, as they are handled and as the list of them shows. */
export const KEYS = {
	send: { press: ["Enter"], does: "Send", where: "into the queue, while an answer is written" },
	newLine: { press: ["Shift", "Enter"], does: "New line" },
	editLast: { press: ["ArrowUp"], does: "Edit your last message", where: "in an empty message field" },
	stop: { press: ["Escape"], does: "Stop the answer" },
	search: { press: ["Mod", "k"], does: "Find a chat" },
	chatActions: {
		press: ["ArrowRight"],
		does: "Rename, pin, archive or delete a chat",
		where: "on a chat of the list; the up and down arrows go through it",
	},
	newChat: { press: ["Mod", "Shift", "o"], does: "New chat" },
	version: { press: ["ArrowLeft", "ArrowRight"], does: "Previous or next version", where: "on a version switcher" },
	help: { press: ["?"], does: "Show these keys", where: "outside of text fields" },
} as const satisfies Record<string, Key>;

export type KeyName = keyof typeof KEYS;

type Press = Pick<KeyboardEvent, "key" | "keyCode" | "isComposing" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">;

/** Whether a key press is this key, and not part of a word that an input method composes. */
export function isKey(event: KeyboardEvent | Press, name: KeyName): boolean {
	const press: readonly string[] = KEYS[name].press;
	const key = press.at(-1);
	// A keyboard may need Shift for a sign.
	const isShift = key === "?" || event.shiftKey === press.includes("Shift");
	const isMod = (event.ctrlKey || event.metaKey) === press.includes("Mod");
	return isShift && isMod && !event.altKey && event.key.toLowerCase() === key?.toLowerCase() && !isComposing(event);
}

/** For `aria-keyshortcuts`. */
export const ariaKeys = (name: KeyName): string =>
	["Control", "Meta"]
		.map((mod) => KEYS[name].press.map((one) => (one === "Mod" ? mod : one.length === 1 ? one.toUpperCase() : one)).join("+"))
		.join(" ");

const names: Record<string, string> = { Escape: "Esc", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→" };

/** What is written on a key, in the browser. */
export function keyName(key: string): string {
	if (key === "Mod") return /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘" : "Ctrl";
	return names[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
