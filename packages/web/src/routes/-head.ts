/** A page's title and description, for tabs, search engines and link previews. */
export const pageMeta = (title: string, description: string) => [
	{ title },
	{ name: "description", content: description },
	{ property: "og:title", content: title },
	{ property: "og:description", content: description },
];
