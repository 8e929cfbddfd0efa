import { t } from "../../text/text.ts";

/** What a reader may choose for this browser. */
export const CHOICES = {
	theme: [
		{ value: "system", label: () => t("theme_system") },
		{ value: "light", label: () => t("theme_light") },
		{ value: "dark", label: () => t("theme_dark") },
	],
	text: [
		{ value: "small", label: () => t("text_small") },
		{ value: "normal", label: () => t("text_normal") },
		{ value: "large", label: () => t("text_large") },
		{ value: "larger", label: () => t("text_larger") },
	],
	enter: [
		{ value: "plain", label: () => t("enter_plain") },
		{ value: "mod", label: () => t("enter_mod") },
	],
} as const;

export type Choice = keyof typeof CHOICES;

/** What applies without a choice, and is not stored. */
const DEFAULTS: Record<Choice, string> = { theme: "system", text: "normal", enter: "plain" };

/** What applies now, in the browser: the script of the first paint (components/frame/first-paint.ts) has put it on the document. */
export function chosen(choice: Choice): string {
	const stored = document.documentElement.dataset[choice];
	return CHOICES[choice].find(({ value }) => value === stored)?.value ?? DEFAULTS[choice];
}

/** Keeps a choice in this browser and applies it to all of its pages. Without storage it applies to nothing. @returns whether it was kept */
export function choose(choice: Choice, value: string): boolean {
	const key = `parley:${choice}`;
	try {
		if (value === DEFAULTS[choice]) localStorage.removeItem(key);
		else localStorage.setItem(key, value);
	} catch {
		return false;
	}
	// Other tabs hear of a change by themselves. The script of the first paint applies it here, too.
	dispatchEvent(new StorageEvent("storage", { key }));
	return true;
}
