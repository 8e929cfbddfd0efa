import { legal, support } from "virtual:brand";
import { t } from "../../text/text.ts";

/** The deployment's legal and help pages. Renders nothing if there are none. */
export function LegalLinks({ className }: { className: string }) {
	const links = [
		{ href: legal.imprint, text: t("legal_imprint") },
		{ href: legal.privacy, text: t("legal_privacy") },
		{ href: legal.terms, text: t("legal_terms") },
		{ href: support, text: t("legal_support") },
	];
	const shown = links.flatMap(({ href, text }) => (href === null ? [] : [{ href, text }]));
	if (shown.length === 0) return null;
	return (
		<nav aria-label={t("legal_links")} className={`flex flex-wrap gap-x-4 text-small text-soft ${className}`}>
			{shown.map(({ href, text }) => (
				<a key={text} href={href} className="link inline-block py-1 pointer-coarse:py-3">
					{text}
				</a>
			))}
		</nav>
	);
}
