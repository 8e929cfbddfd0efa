// @vitest-environment happy-dom
import { act } from "react";
import { renderToReadableStream } from "react-dom/server.edge";
import { beforeEach, expect, test, vi } from "vitest";
import { mount } from "../testing/render.tsx";

// Stands for any fault of the formatter outside the parser, which catches its own.
vi.mock("./block-elements.tsx", async (original) => ({
	...(await original<typeof import("./block-elements.tsx")>()),
	blockElement: (block: { source?: string }) => {
		if (block.source?.includes("hopeless")) throw new Error("cannot draw this");
		return <p data-formatted>{block.source}</p>;
	},
}));
const { AnswerText } = await import("./answer-text.tsx");

const page = (
	<main>
		<AnswerText text="**one**" />
		<AnswerText text={"**hopeless**\n\nand more"} />
		<AnswerText text="**two**" />
	</main>
);

beforeEach(() => {
	// React logs what a boundary has caught.
	vi.spyOn(console, "error").mockImplementation(() => {});
});

test("an answer that fails to render is shown as raw text, and the others as usual", async () => {
	const mounted = await mount(page);
	// The formatter is loaded after the first render.
	await expect.poll(() => mounted.root.querySelectorAll("[data-formatted]").length).toBe(2);
	expect([...mounted.root.querySelectorAll("p")].map((one) => [one.textContent, one.hasAttribute("data-formatted")])).toEqual([
		["**one**", true],
		["**hopeless**\n\nand more", false],
		["**two**", true],
	]);
	await mounted.unmount();
});

test("an answer that fails to render on the server is sent as raw text, with the rest of the page", async () => {
	const failed: unknown[] = [];
	const stream = await renderToReadableStream(page, { onError: (error) => void failed.push(error) });
	const html = await new Response(stream).text();
	expect(failed).toEqual([new Error("cannot draw this")]);
	expect(html).toContain('<p data-formatted="true">**two**</p>');
	expect(html).toContain("**hopeless**\n\nand more</p>");
});

test("an answer that failed while it streamed is formatted once its text renders", async () => {
	const mounted = await mount(<AnswerText text="hopeless" />);
	expect(mounted.root.querySelector("[data-formatted]")).toBeNull();
	await act(() => mounted.render(<AnswerText text="better" />));
	expect(mounted.root.querySelector("[data-formatted]")?.textContent).toBe("better");
	await mounted.unmount();
});
