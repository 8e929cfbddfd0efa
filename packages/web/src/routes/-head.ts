/** The title and the description of a page, as tabs, search engines and previews of links show them. */
export const pageMeta = (title: string, description: string) => [
	{ title },
	{ name: "description", content: description },
	{ property: "og:title", content: title },
	{ property: "og:description", content: description },
];
