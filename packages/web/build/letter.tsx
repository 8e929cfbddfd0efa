import type { LetterTemplate } from "virtual:letters";
import { Body, Button, Container, Head, Heading, Hr, Html, Link, render, Section, Text } from "@react-email/components";
import type { ReactElement } from "react";
import type { Plugin } from "vite";
import type { Catalogue, Key } from "../src/text/catalogue.ts";
import { de } from "../src/text/de.ts";
import { en } from "../src/text/en.ts";
import type { Language } from "../src/text/languages.ts";
import { type Brand, readBrand } from "./brand.ts";

const catalogues: Record<Language, Catalogue> = { en, de };

const FONT = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const INK = "#1d1b17";
const SOFT = "#57534a";
const small = { margin: "0 0 4px", color: SOFT, fontSize: "13px", lineHeight: "20px" };
const text = { margin: "0 0 16px", color: INK, fontSize: "16px", lineHeight: "26px", whiteSpace: "pre-line" as const };

/** The links below a mail, by text key. */
function linksOf({ legal, support }: Brand): [Key, string][] {
	const ours = (address: string | null) => (address?.startsWith("/") ? `%origin%${address}` : address);
	const links: [Key, string | null][] = [
		["legal_imprint", ours(legal.imprint)],
		["legal_privacy", ours(legal.privacy)],
		["legal_terms", ours(legal.terms)],
		["legal_support", support],
	];
	return links.filter((link): link is [Key, string] => link[1] !== null);
}

function Letter({ brand, language }: { brand: Brand; language: Language }): ReactElement {
	return (
		<Html lang={language}>
			<Head>
				<meta name="color-scheme" content="light" />
				<title>%subject%</title>
			</Head>
			<Body style={{ margin: 0, padding: "32px 16px", backgroundColor: "#fbfaf7", fontFamily: FONT }}>
				<Container
					style={{ maxWidth: "520px", padding: "32px", backgroundColor: "#ffffff", border: "1px solid #dedad0", borderRadius: "12px" }}
				>
					<Text style={{ ...text, fontWeight: 600 }}>{brand.name}</Text>
					<Heading as="h1" style={{ margin: "0 0 20px", color: INK, fontSize: "22px", lineHeight: "32px" }}>
						%subject%
					</Heading>
					<Section>%body%</Section>
					<Hr style={{ margin: "24px 0 16px", borderColor: "#dedad0" }} />
					<Text style={small}>
						{linksOf(brand).map(([key, href]) => (
							<Link key={key} href={href} style={{ marginRight: "16px", color: SOFT, textDecoration: "underline" }}>
								{String(catalogues[language][key])}
							</Link>
						))}
					</Text>
				</Container>
			</Body>
		</Html>
	);
}

/** The HTML of elements alone, because react-email wraps it in a document. */
async function part(element: ReactElement): Promise<string> {
	const html = await render(element);
	return html.replace(/^<!DOCTYPE[^>]*>/, "").replaceAll(/<!--\/?\$-->/g, "");
}

/** The mail templates of a brand in one language. */
async function letterTemplate(brand: Brand, language: Language): Promise<LetterTemplate> {
	const { accent, on } = brand.accent.light;
	const button = { padding: "11px 20px", borderRadius: "6px", backgroundColor: accent, color: on, fontSize: "16px", fontWeight: 600 };
	const lines = linksOf(brand).map(([key, href]) => `${catalogues[language][key]}: ${href.replace(/^mailto:/, "")}`);
	return {
		letter: (await render(<Letter brand={brand} language={language} />)).replaceAll(/<!--\/?\$-->/g, ""),
		paragraph: await part(<Text style={text}>%text%</Text>),
		button: await part(
			<>
				<Button href="%href%" style={button}>
					%label%
				</Button>
				<Text style={{ ...small, margin: "12px 0 16px", wordBreak: "break-all" }}>%href%</Text>
			</>,
		),
		code: await part(<Text style={{ ...text, fontSize: "28px", fontWeight: 600, letterSpacing: "4px" }}>%text%</Text>),
		signature: ["-- ", brand.name, ...lines].join("\n"),
	};
}

const MODULE = /^virtual:letters$/;

/** Renders the mail templates at build time: react-email itself would double the Worker's size. */
export function letters(): Plugin {
	return {
		name: "letters",
		resolveId: { filter: { id: MODULE }, handler: (id) => id },
		load: {
			filter: { id: MODULE },
			async handler() {
				const brand = readBrand();
				const templates = { en: await letterTemplate(brand, "en"), de: await letterTemplate(brand, "de") };
				return `export const letters = ${JSON.stringify(templates)};`;
			},
		},
	};
}
