import { t } from "../../text/text.ts";

/** The appearance options of this browser. */
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

/** The values that apply without a choice. They are not stored. */
const DEFAULTS: Record<Choice, string> = { theme: "system", text: "normal", enter: "plain" };

/** The current value. The first-paint script (components/frame/first-paint.ts) has set it on the document. */
export function chosen(choice: Choice): string {
	const stored = document.documentElement.dataset[choice];
	return CHOICES[choice].find(({ value }) => value === stored)?.value ?? DEFAULTS[choice];
}

/** Stores a choice in this browser and applies it to all of its pages. Without storage it has no effect. @returns whether it was stored */
export function choose(choice: Choice, value: string): boolean {
	const key = `parley:${choice}`;
	try {
		if (value === DEFAULTS[choice]) localStorage.removeItem(key);
		else localStorage.setItem(key, value);
	} catch {
		return false;
	}
	// Only other tabs receive storage events by themselves. This one makes the first-paint script apply the choice here too.
	dispatchEvent(new StorageEvent("storage", { key }));
	return true;
}
