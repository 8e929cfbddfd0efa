// @vitest-environment happy-dom
import { act } from "react";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ChatSummary } from "../../view/chat.ts";
import { type Mounted, mount, serverHtml } from "../testing/render.tsx";
import { ChatList } from "./chat-list.tsx";

const readAt = "2026-11-29T10:00:00.000Z";
const chat = (id: string, updatedAt = readAt): ChatSummary => ({ id, title: `About ${id}`, updatedAt });
const list = (chats: ChatSummary[], openId?: string) => (
	<ChatList chats={chats} openId={openId} readAt={readAt} folders={undefined} onChange={async () => {}} />
);
const three = [chat("a"), chat("b"), chat("c", "2020-01-01T00:00:00.000Z")];

let page: Mounted;
beforeEach(async () => {
	page = await mount(list(three));
});
afterEach(() => page.unmount());

const stops = () => [...page.root.querySelectorAll<HTMLElement>('[tabindex="0"]')].map((element) => element.textContent);
const focused = () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent;
const press = (key: string) =>
	act(async () => document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));

describe("the list of chats", () => {
	test("is one Tab stop, at the last focused chat", async () => {
		expect(stops()).toEqual(["About a"]);
		await act(async () => page.root.querySelectorAll("a")[1]?.focus());
		expect(stops()).toEqual(["About b"]);
	});

	test("has its Tab stop at the open chat until another one is focused", async () => {
		await page.render(list(three, "c"));
		expect(stops()).toEqual(["About c"]);
	});

	test("is navigated with the arrow keys, Home and End, across the days, and not beyond its ends", async () => {
		await act(async () => page.root.querySelector("a")?.focus());
		const way: (string | null | undefined)[] = [];
		for (const key of ["ArrowUp", "ArrowDown", "ArrowDown", "ArrowDown", "Home", "End"]) {
			await press(key);
			way.push(focused());
		}
		expect(way).toEqual(["About a", "About b", "About c", "About c", "About a", "About c"]);
		expect(stops()).toEqual(["About c"]);
	});

	test("reaches a chat's actions with the right arrow key, from where the arrow keys continue", async () => {
		await act(async () => page.root.querySelector("a")?.focus());
		await press("ArrowRight");
		expect(focused()).toBe("Actions for “About a”");
		await press("ArrowLeft");
		expect(focused()).toBe("About a");
		await press("ArrowRight");
		await press("ArrowDown");
		expect(focused()).toBe("About b");
	});

	test("moves the focus of a removed chat to the one that takes its place", async () => {
		await act(async () => page.root.querySelectorAll("a")[1]?.focus());
		await page.render(list([chat("a"), three[2] as ChatSummary]));
		expect(focused()).toBe("About c");
		await page.render(list([chat("a")]));
		expect(focused()).toBe("About a");
	});

	test("has headings by the server's day until scripts run", () => {
		expect(
			serverHtml(list(three))
				.match(/<h2[^>]*>[^<]*/g)
				?.map((heading) => heading.replace(/<[^>]*>/, "")),
		).toEqual(["Today", "January 2020"]);
	});
});
