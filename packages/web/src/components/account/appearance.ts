/** What a reader may choose for this browser. */
export const CHOICES = {
	theme: [
		{ value: "system", label: "System" },
		{ value: "light", label: "Light" },
		{ value: "dark", label: "Dark" },
	],
	text: [
		{ value: "small", label: "Small" },
		{ value: "normal", label: "Normal" },
		{ value: "large", label: "Large" },
		{ value: "larger", label: "Larger" },
	],
	enter: [
		{ value: "plain", label: "Enter" },
		{ value: "mod", label: "Ctrl+Enter, or ⌘+Enter on a Mac" },
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
