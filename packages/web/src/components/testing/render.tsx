import { createMemoryHistory, createRootRoute, createRouter, RouterContextProvider } from "@tanstack/react-router";
import { act, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { renderToStaticMarkup } from "react-dom/server";

const inRouter = (children: ReactNode, path: string) => (
	<RouterContextProvider
		router={createRouter({ routeTree: createRootRoute(), history: createMemoryHistory({ initialEntries: [path] }) }) as never}
	>
		{children}
	</RouterContextProvider>
);

/** The server's HTML of an element. Links have the real router's addresses. */
export const serverHtml = (element: ReactNode, path = "/"): string => renderToStaticMarkup(inRouter(element, path));

/** The text of that HTML as a viewer sees it: without tags, with single spaces. */
export const serverText = (element: ReactNode): string =>
	serverHtml(element)
		.replace(/<[^>]+>/g, "")
		.replaceAll("&#x27;", "'")
		.replace(/\s+/g, " ")
		.trim();

export interface Mounted {
	root: HTMLElement;
	text: () => string;
	/** The button with this name (its `aria-label` or its text). Throws if there is none. */
	button: (name: string) => HTMLButtonElement;
	press: (name: string) => Promise<void>;
	render: (element: ReactNode) => Promise<void>;
	unmount: () => Promise<void>;
}

/** Mounts an element in the document of the test environment (happy-dom) and runs its effects. */
export async function mount(element: ReactNode, path = "/"): Promise<Mounted> {
	Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
	const root = document.body.appendChild(document.createElement("div"));
	const reactRoot = createRoot(root);
	const render = (next: ReactNode) => act(async () => reactRoot.render(inRouter(next, path)));
	await render(element);
	const button = (name: string) => {
		const found = [...document.querySelectorAll("button")].find((one) => (one.getAttribute("aria-label") ?? one.textContent) === name);
		if (!found) throw new Error(`There is no button "${name}" in: ${root.textContent}`);
		return found;
	};
	return {
		root,
		text: () => (root.textContent ?? "").replace(/\s+/g, " ").trim(),
		button,
		press: (name) => act(async () => button(name).click()),
		render,
		unmount: async () => {
			await act(async () => reactRoot.unmount());
			root.remove();
		},
	};
}
