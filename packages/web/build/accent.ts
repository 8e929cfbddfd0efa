/** The accent in one theme: the color of the primary action, its hover color, and the text color on it. */
interface Shade {
	accent: string;
	strong: string;
	on: string;
}

export type Accent = Record<"light" | "dark", Shade>;

/** The accent's backgrounds in each theme: `--color-paper`, `--color-margin`, `--color-raised` and `--color-said` of styles.css. */
const BACKGROUNDS = {
	light: { paper: "#fbfaf7", margin: "#f4f2ec", raised: "#ffffff", said: "#efece4" },
	dark: { paper: "#161513", margin: "#1c1b18", raised: "#232220", said: "#272623" },
};

/** WCAG 2.2: 1.4.3 for text, and 1.4.11 for control outlines. */
const TEXT_CONTRAST = 4.5;
const STRONGER = { light: "#000000", dark: "#ffffff" };
const TEXTS = ["#ffffff", "#10183a", "#000000"];

/** The accent of both themes and the colors derived from it. */
export function accentOf(given: { light: string; dark: string }): Accent {
	const shade = (theme: "light" | "dark"): Shade => {
		const accent = given[theme].toLowerCase();
		const strong = mixed(accent, STRONGER[theme], 0.28);
		const on = TEXTS.find((text) => contrast(text, accent) >= TEXT_CONTRAST && contrast(text, strong) >= TEXT_CONTRAST);
		return { accent, strong, on: on ?? "#ffffff" };
	};
	return { light: shade("light"), dark: shade("dark") };
}

/** Contrast errors of an accent (WCAG AA); empty if there are none. */
export function accentFaults(given: { light: string; dark: string }): string[] {
	return (["light", "dark"] as const).flatMap((theme) => {
		const { accent, strong, on } = accentOf(given)[theme];
		const behind = Object.entries(BACKGROUNDS[theme]).map(([name, color]) => ({
			name: `the ${theme} ${name} ${color}`,
			color,
			from: accent,
		}));
		const onIt = [accent, strong].map((from) => ({ name: `its text ${on}`, color: on, from }));
		const worst = [...behind, ...onIt].toSorted((a, b) => contrast(a.from, a.color) - contrast(b.from, b.color))[0];
		if (!worst || contrast(worst.from, worst.color) >= TEXT_CONTRAST) return [];
		const ratio = Math.floor(contrast(worst.from, worst.color) * 100) / 100;
		return [`accent.${theme}: ${given[theme]} has a contrast of ${ratio} to ${worst.name}; WCAG AA wants ${TEXT_CONTRAST}`];
	});
}

const channels = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

function mixed(from: string, to: string, share: number): string {
	const target = channels(to);
	const mix = channels(from).map((value, at) => Math.round(value + ((target[at] ?? 0) - value) * share));
	return `#${mix.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** The contrast ratio of two colors (WCAG 2.2, "contrast ratio"), 1 to 21. */
export function contrast(one: string, other: string): number {
	const [bright = 0, dim = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
	return (bright + 0.05) / (dim + 0.05);
}

function luminance(hex: string): number {
	const [r = 0, g = 0, b = 0] = channels(hex).map((value) => {
		const share = value / 255;
		return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
