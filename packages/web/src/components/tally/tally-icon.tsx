import { useEffect } from "react";
import type { UsageView } from "../../view/usage.ts";

const strokes = ["M6 6v20", "M12.5 6v20", "M19 6v20", "M25.5 6v20", "M2.5 23 29.5 9"];

/** Draws the balance as the tab's icon: the dark ones of its five strokes are the remaining share. */
export function TallyIcon({ limit, remaining }: Pick<UsageView, "limit" | "remaining">) {
	const left = limit > 0 ? Math.ceil((Math.min(remaining, limit) / limit) * 5) : 0;
	useEffect(() => {
		const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
		if (icon) icon.href = `data:image/svg+xml,${encodeURIComponent(drawing(left))}`;
	}, [left]);
	return null;
}

function drawing(left: number): string {
	const paths = strokes.map((stroke, index) => `<path d="${stroke}"${index < left ? "" : ' opacity=".28"'}/>`).join("");
	return (
		'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><style>path{stroke:#1d1b17}' +
		"@media (prefers-color-scheme:dark){path{stroke:#ece9e1}}</style>" +
		`<g fill="none" stroke-width="3.2" stroke-linecap="round">${paths}</g></svg>`
	);
}
