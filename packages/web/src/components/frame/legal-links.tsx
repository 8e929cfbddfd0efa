import { legal, support } from "virtual:brand";
import { t } from "../../text/text.ts";

/** The pages that the operator of a deployment names, and where to get help. Nothing where there are none. */
export function LegalLinks({ className }: { className: string }) {
	const links = [
		{ href: legal.imprint, text: t("legal_imprint") },
		{ href: legal.privacy, text: t("legal_privacy") },
		{ href: legal.terms, text: t("legal_terms") },
		{ href: support, text: t("legal_support") },
	];
	const shown = links.filter(({ href }) => href !== null);
	if (shown.length === 0) return null;
	return (
		<nav aria-label={t("legal_links")} className={`flex flex-wrap gap-x-4 text-small text-soft ${className}`}>
			{shown.map(({ href, text }) => (
				<LegalLink key={text} href={href}>
					{text}
				</LegalLink>
			))}
		</nav>
	);
}

/** A plain link, of which few visits follow one: it needs no script of the router, and a tab of its own keeps what was typed. */
export function LegalLink({ href, children }: { href: string | null; children: string }) {
	if (href === null) return children;
	return (
		<a href={href} className="link inline-block py-1 pointer-coarse:py-3">
			{children}
		</a>
	);
}
