import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import type { Plugin } from "vite";
import { z } from "zod";
import { promptList } from "../src/suggested-prompts.ts";
import { LANGUAGES, type Language } from "../src/text/languages.ts";
import type { SuggestedPrompt } from "../src/view/chat.ts";
import { type Accent, accentFaults, accentOf } from "./accent.ts";

/** The deployer's brand: `brand.json` at the root of the repository, or the file named by PARLEY_BRAND. Its paths are relative to its own folder. */
export const brandFile = () => process.env.PARLEY_BRAND ?? new URL("../../../brand.json", import.meta.url).pathname;

const languages = Object.keys(LANGUAGES) as Language[];
const LEGAL = ["imprint", "privacy", "terms"] as const;
type Legal = (typeof LEGAL)[number];

/** A brand's images by URL. `npm run icons -w @parley/web` draws all but the first. */
const ICONS: Record<string, string> = {
	"favicon.svg": "icon.svg",
	"icons/icon-192.png": "icon-192.png",
	"icons/icon-512.png": "icon-512.png",
	"icons/maskable-512.png": "maskable-512.png",
	"icons/apple-touch-icon.png": "apple-touch-icon.png",
	"icons/share.png": "share.png",
};

const line = (max: number) =>
	z
		.string()
		.trim()
		.min(1, "is empty")
		.max(max, `is longer than ${max} characters`)
		.regex(/^[^{}<>"\p{Cc}]*$/u, 'has a line break, or one of {}<>"');
const color = z.string().regex(/^#[\da-f]{6}$/i, "is not a color like #23419f");
const address = z.union([z.email(), z.url({ protocol: /^https$/ })], "is neither an email address nor an https address");
const sender = z
	.string()
	.regex(/^(?:[^<>"\p{Cc}]+<[^\s<>@"]+@[^\s<>@"]+>|[^\s<>@"]+@[^\s<>@"]+)$/u, 'is not "Name <address>" or an address');
const legal = z.union([z.url({ protocol: /^https$/ }), z.string().regex(/\.md$/)], "is neither an https address nor a Markdown file (.md)");
const prompts = z.unknown().transform((list, context): SuggestedPrompt[] => {
	try {
		return promptList(list);
	} catch (error) {
		context.issues.push({ code: "custom", message: error instanceof Error ? error.message : String(error), input: list });
		return z.NEVER;
	}
});

const schema = z.strictObject({
	name: line(40),
	/** The folder with icon.svg and the images drawn from it. */
	icons: z.string(),
	/** Replaces the name. SVG or PNG, at least twice as high as the 24 px at which it is shown. */
	logo: z.strictObject({ light: z.string(), dark: z.string() }).optional(),
	accent: z.strictObject({ light: color, dark: color }),
	/** Where users get help. */
	support: address.optional(),
	/** Where to report a vulnerability; SECURITY_CONTACT overrides it. */
	securityContact: address.optional(),
	/** An https URL, or a Markdown file in English; `name.de.md` beside it has the German text. */
	legal: z.strictObject({ imprint: legal.optional(), privacy: legal.optional(), terms: legal.optional() }).default({}),
	/** The suggested prompts of a new chat; SUGGESTED_PROMPTS overrides them. A language without a list uses the English one. */
	suggestedPrompts: z.strictObject({ en: prompts, de: prompts.optional() }),
	/** The system prompt of every model; SYSTEM_PROMPT overrides it. */
	systemText: z.string().default(""),
	/** The sender of mails; EMAIL_FROM overrides it. */
	mailFrom: sender,
});

/** A legal page: its heading, if it starts with one, and the rest. */
interface LegalText {
	title: string | null;
	text: string;
}

export interface Brand {
	name: string;
	/** The name in a form for file names. */
	slug: string;
	/** The URLs of the logo, if it replaces the name. */
	logo: { light: string; dark: string } | null;
	accent: Accent;
	/** The target of the support link. */
	support: string | null;
	securityContact: string | null;
	/** URLs of the legal pages: our own paths, or external. */
	legal: Record<Legal, string | null>;
	/** The Markdown of our own legal pages. */
	legalTexts: Partial<Record<Legal, Record<Language, LegalText>>>;
	prompts: Record<Language, SuggestedPrompt[]>;
	systemText: string;
	mailFrom: string;
	/** Files that the build adds, by their path in the site. */
	files: Record<string, string>;
}

/**
 * Reads and validates a brand with its files. `hasPictures` is false while the pictures are being drawn.
 * @throws {Error} naming each error
 */
export function readBrand(path = brandFile(), hasPictures = true): Brand {
	const fail = (faults: string[]): never => {
		throw new Error(`${path} is not a brand (docs/brand.md):\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
	};
	const parsed = schema.safeParse(jsonOf(path, fail));
	if (!parsed.success) return fail(parsed.error.issues.map(faultOf));
	const { data } = parsed;
	const folder = dirname(path);
	const logos = Object.entries<string>(data.logo ?? {}).map(([theme, file]) => [`brand/logo-${theme}${extname(file)}`, file] as const);
	const files: Record<string, string> = Object.fromEntries([
		...Object.entries(ICONS).map(([at, file]) => [at, join(folder, data.icons, file)]),
		...logos.map(([at, file]) => [at, join(folder, file)]),
	]);
	const texts = LEGAL.flatMap((page) => {
		const file = data.legal[page];
		return file?.endsWith(".md") ? [[page, join(folder, file)] as const] : [];
	});
	const needed = [...Object.values(files), ...texts.map(([, file]) => file)].filter((file) => hasPictures || !file.endsWith(".png"));
	const missing = needed.filter((file) => !existsSync(file));
	const hint = (file: string) => (file.endsWith(".png") ? " (npm run icons -w @parley/web draws icons)" : "");
	const faults = [...accentFaults(data.accent), ...missing.map((file) => `there is no file ${file}${hint(file)}`)];
	if (faults.length > 0) return fail(faults);
	return {
		name: data.name,
		slug: slugOf(data.name),
		logo: data.logo ? { light: `/${logos[0]?.[0]}`, dark: `/${logos[1]?.[0]}` } : null,
		accent: accentOf(data.accent),
		support: data.support === undefined ? null : hrefOf(data.support),
		securityContact: data.securityContact === undefined ? null : hrefOf(data.securityContact),
		legal: everyLegal((page) => (data.legal[page]?.endsWith(".md") ? `/${page}` : (data.legal[page] ?? null))),
		legalTexts: Object.fromEntries(texts.map(([page, file]) => [page, inEachLanguage(file)])),
		prompts: { en: data.suggestedPrompts.en, de: data.suggestedPrompts.de ?? data.suggestedPrompts.en },
		systemText: data.systemText,
		mailFrom: data.mailFrom,
		files,
	};
}

function jsonOf(path: string, fail: (faults: string[]) => never): unknown {
	try {
		return JSON.parse(readFileSync(path, "utf8"));
	} catch (error) {
		return fail([error instanceof SyntaxError ? `is not JSON: ${error.message}` : "cannot be read"]);
	}
}

const faultOf = ({ path, message }: z.core.$ZodIssue) => (path.length === 0 ? message : `${path.join(".")}: ${message}`);
const hrefOf = (given: string) => (given.startsWith("https:") ? given : `mailto:${given}`);
const everyLegal = <T>(of: (page: Legal) => T) => Object.fromEntries(LEGAL.map((page) => [page, of(page)])) as Record<Legal, T>;

/** Turns "Café Nord" into "cafe-nord". A name without Latin letters becomes "chats". */
function slugOf(name: string): string {
	const latin = name.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
	return latin.replaceAll(/[^a-z\d]+/g, "-").replaceAll(/^-|-$/g, "") || "app";
}

/** A Markdown file and its translations: "imprint.de.md" beside "imprint.md". A missing translation falls back to the original. */
function inEachLanguage(file: string): Record<Language, LegalText> {
	const own = (language: Language) => join(dirname(file), `${basename(file, ".md")}.${language}.md`);
	const read = (language: Language): LegalText => {
		const [, title = null, text = ""] =
			/^\s*(?:# +(.+)\n)?([\s\S]*)$/.exec(readFileSync(existsSync(own(language)) ? own(language) : file, "utf8")) ?? [];
		return { title, text };
	};
	return Object.fromEntries(languages.map((language) => [language, read(language)])) as Record<Language, LegalText>;
}

const MODULE = /^virtual:brand$/;
const PLACE = /var\(--brand-(\w+)-(\w+)\)/g;
const STYLES = /\/src\/styles\.css(\?(?!url)|$)/;

/** Adds the brand to the build: its name and links as constants, its color in the styles, its pictures next to the pages. */
export function brand(): Plugin {
	let found: Brand | undefined;
	const read = () => {
		found ??= readBrand();
		return found;
	};
	return {
		name: "brand",
		enforce: "pre",
		buildStart() {
			this.addWatchFile(brandFile());
			for (const file of Object.values(read().files)) this.addWatchFile(file);
		},
		resolveId: { filter: { id: MODULE }, handler: (id) => id },
		load: {
			filter: { id: MODULE },
			// Each value is its own export, so that a page's scripts contain only those they use.
			handler() {
				const { files: _, ...values } = read();
				return Object.entries(values)
					.map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
					.join("\n");
			},
		},
		transform: {
			filter: { id: STYLES },
			handler: (code) => ({ code: styled(code, read().accent), map: null }),
		},
		configureServer(server) {
			server.middlewares.use((request, response, next) => {
				const path = read().files[(request.url ?? "").slice(1).split("?")[0] ?? ""];
				if (path === undefined) return next();
				response.setHeader("content-type", path.endsWith(".svg") ? "image/svg+xml" : "image/png");
				response.end(readFileSync(path));
			});
		},
		generateBundle() {
			if (this.environment.name !== "client") return;
			for (const [fileName, path] of Object.entries(read().files)) this.emitFile({ type: "asset", fileName, source: readFileSync(path) });
		},
	};
}

/** Fills the accent into the style sheet's placeholders: `var(--brand-accent-light)`. @throws {Error} for one without a value */
export function styled(code: string, accent: Accent): string {
	return code.replaceAll(PLACE, (_, part: keyof Accent["light"], theme: keyof Accent) => {
		const value = accent[theme]?.[part];
		if (value === undefined) throw new Error(`styles.css names ${part}-${theme}, which a brand does not have`);
		return value;
	});
}
