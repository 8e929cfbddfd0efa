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
