import { expect, it } from "vitest";
import { runSandbox } from "../testing/harness.ts";

const textOf = async (url: string) => (await fetch(url)).text();

it("lists mail newest first, with clickable links and escaped text", async () => {
	const sandbox = await runSandbox();
	expect(await textOf(`${sandbox.url}/mailbox`)).toContain("No mail yet.");
	const send = async (subject: string) => {
		const text = 'Go to http://localhost:3000/verify?token=a&b=1. <script>"x"</script>';
		const response = await sandbox.send("POST", "/__sandbox/mail", { to: "ada@example.com", subject, text });
		expect(response.status).toBe(201);
		return (await response.json()) as { id: string };
	};
	await send("First");
	const { id } = await send("Second");
	const list = await textOf(`${sandbox.url}/mailbox`);
	expect(list.indexOf("Second")).toBeLessThan(list.indexOf("First"));
	const mail = await textOf(`${sandbox.url}/mailbox/${id}`);
	expect(mail).toContain('<a href="http://localhost:3000/verify?token=a&amp;b=1"');
	expect(mail).not.toContain('<script>"x"');
	expect((await sandbox.state()).mailbox).toMatchObject([{ subject: "First" }, { id, to: "ada@example.com", atMs: expect.any(Number) }]);
	expect((await fetch(`${sandbox.url}/mailbox/none`)).status).toBe(404);
});

it("shows a mail's HTML in a frame without scripts, above its text", async () => {
	const sandbox = await runSandbox();
	const html = '<html><head></head><body><a href="http://localhost:3000/x">Go</a><script>alert(1)</script></body></html>';
	const response = await sandbox.send("POST", "/__sandbox/mail", { to: "ada@example.com", subject: "Hello", text: "Go", html });
	const { id } = (await response.json()) as { id: string };
	const page = await textOf(`${sandbox.url}/mailbox/${id}`);
	expect(page).toMatch(/<iframe [^>]*sandbox="(?![^"]*allow-(?:scripts|same-origin))/);
	expect(page).toContain("&lt;base target=&quot;_top&quot;&gt;");
	expect(page).not.toContain("<script>alert");
	expect(page).toContain("<pre>Go</pre>");
});

it("delivers one mail per idempotency key, as Resend does, and refuses another mail with the same key", async () => {
	const sandbox = await runSandbox();
	const send = (subject: string) =>
		fetch(`${sandbox.url}/__sandbox/mail`, {
			method: "POST",
			headers: { "content-type": "application/json", "idempotency-key": "sign-in/1" },
			body: JSON.stringify({ to: "ada@example.com", subject, text: "Hello" }),
		});
	const [first, again] = [await send("Hello"), await send("Hello")];
	expect([first.status, again.status]).toEqual([201, 201]);
	expect(((await first.json()) as { id: string }).id).toBe(((await again.json()) as { id: string }).id);
	const other = await send("Something else");
	expect([other.status, ((await other.json()) as { name: string }).name]).toEqual([409, "invalid_idempotent_request"]);
	expect((await sandbox.state()).mailbox).toHaveLength(1);
});

it("fails on demand, before or after accepting a mail", async () => {
	const sandbox = await runSandbox();
	const path = "/__sandbox/mail";
	await sandbox.send("POST", "/__sandbox/faults", {
		api: [
			{ path, status: 500, times: 1 },
			{ path, dropAfterCommit: true, times: 1 },
		],
	});
	const send = () => sandbox.send("POST", path, { to: "ada@example.com", subject: "", text: "" });
	expect((await send()).status).toBe(500);
	await expect(send()).rejects.toThrow();
	expect((await sandbox.state()).mailbox).toHaveLength(1);
});
