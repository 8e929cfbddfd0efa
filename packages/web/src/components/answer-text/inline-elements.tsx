import type { ReactNode } from "react";
import { FormulaElement } from "./formula.tsx";
import type { Inline } from "./nodes.ts";
import { NoteLink } from "./note-link.tsx";

/** Renders the parsed text of a block. */
export const inlineElements = (inlines: Inline[]): ReactNode =>
	inlines.map((inline, at) => (typeof inline === "string" ? inline : element(inline, String(at))));

function element(inline: Exclude<Inline, string>, key: string): ReactNode {
	switch (inline.kind) {
		case "break":
			return <br key={key} />;
		case "code":
			return (
				<code key={key} dir="ltr">
					{inline.text}
				</code>
			);
		case "math":
			return <FormulaElement key={key} formula={inline} />;
		case "note-link":
			return <NoteLink key={key} label={inline.label} />;
		case "image":
			return anchor(key, inline.href, undefined, inline.children.length > 0 ? inlineElements(inline.children) : inline.href);
		case "link":
			return anchor(key, inline.href, inline.title, inlineElements(inline.children), isAddress(inline));
		default: {
			const Mark = inline.kind;
			return <Mark key={key}>{inlineElements(inline.children)}</Mark>;
		}
	}
}

/** Whether a link's text is its address. */
function isAddress({ href, children: [text] }: Extract<Inline, { kind: "link" }>): boolean {
	return typeof text === "string" && href.endsWith(text);
}

/** A link if the address is http, https or mailto. Otherwise plain text. */
function anchor(key: string, href: string, title: string | undefined, children: ReactNode, ltr = false): ReactNode {
	if (!/^(https?:|mailto:)/i.test(href)) return <span key={key}>{children}</span>;
	return (
		<a
			key={key}
			dir={ltr ? "ltr" : undefined}
			className="link"
			href={href}
			title={title}
			target="_blank"
			rel="noopener noreferrer nofollow"
		>
			{children}
		</a>
	);
}
