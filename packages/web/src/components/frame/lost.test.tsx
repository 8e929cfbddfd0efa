import { expect, test } from "vitest";
import { serverHtml, serverText } from "../testing/render.tsx";
import { Failed, NotFoundPage } from "./lost.tsx";

test("a failure shows the reference that the server put into its message, and a way back", () => {
	const page = <Failed title="This page didn’t load" error={new Error("Internal error (reference 5e1f-a)")} />;
	expect(serverText(page)).toContain("Reference for support: 5e1f-a");
	expect(serverHtml(page, "/c/some")).toMatch(/<a class="button-plain" href="\/">Go to your chats<\/a>/);
});

test("a failure that was not logged has no reference", () => {
	for (const error of [new Error("Failed to fetch"), new Error("(reference x) and more"), "a text", undefined])
		expect(serverText(<Failed title="This chat didn’t load" error={error} />)).not.toContain("Reference");
});

test("an unknown address links back to the chats", () => {
	expect(serverText(<NotFoundPage />)).toContain("Page not found");
	expect(serverHtml(<NotFoundPage />, "/nowhere")).toMatch(/<a class="button-next" href="\/">/);
});
