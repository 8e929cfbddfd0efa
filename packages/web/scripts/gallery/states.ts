import { Buffer } from "node:buffer";
import type { Stage } from "./stage.ts";

/** One row of the gallery. */
export interface State {
	/** The name of its files. */
	name: string;
	/** What it shows, as a sentence. */
	shows: string;
	make: (stage: Stage) => Promise<void>;
}

const ETNA = `**Mount Etna** is 3,403 m tall, as of 2024. Its height changes with every eruption: since 2021 the south-east crater has been the highest point.

1. It was 3,350 m in 1978.
2. The north-east crater grew above the others in 1981.
3. It lost some metres when that crater's rim fell in.`;

const LESSON = `### Compound interest

With a rate $r$ per year, a sum $P$ grows to

$$
A = P\\left(1 + \\frac{r}{n}\\right)^{nt}
$$

where $n$ is how often a year interest is added. At 5 %, $1,000 become:

| years | yearly | monthly |
|---|--:|--:|
| 1 | $1,050.00 | $1,051.16 |
| 10 | $1,628.89 | $1,647.01 |

\`\`\`ts
// What a sum has become
function grown(sum: number, rate: number, times: number, years: number): number {
  return sum * (1 + rate / times) ** (times * years);
}
\`\`\`

> Interest that is added more often earns interest itself.`;

const QUESTION = "How tall is Mount Etna?";
const CHATS = ["Compound interest, explained", "Names for a small bakery", "Train from Catania to Palermo", "A letter to my landlord"];

/** A visitor with some chats, and one of them open. */
async function withChats(stage: Stage): Promise<void> {
	for (const title of CHATS) {
		await stage.goto("/");
		await stage.ask(title, ETNA);
	}
	await stage.goto("/");
	await stage.ask(QUESTION, ETNA);
}

async function ofUser(stage: Stage, path: string, scenario?: string): Promise<void> {
	await stage.signUp(scenario);
	await stage.goto(path);
}

async function atPlan(stage: Stage, scenario?: string): Promise<void> {
	await ofUser(stage, "/account/plan", scenario);
	await stage.page.getByText(stage.text("account_loading_plan")).waitFor({ state: "detached" });
}

const CHAT_STATES: State[] = [
	{ name: "first-visit", shows: "The first visit: five requests, no account.", make: (stage) => stage.goto("/") },
	{
		name: "first-answer",
		shows: "The end of a guest's first answer.",
		make: async (stage) => {
			await stage.goto("/");
			await stage.ask(QUESTION, ETNA);
		},
	},
	{
		name: "returning",
		shows: "A returning user's new chat, beside the earlier ones.",
		make: async (stage) => {
			await stage.signUp();
			await withChats(stage);
			await stage.goto("/");
		},
	},
	{
		name: "reading",
		shows: "An answer with formulas, a table and code.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.ask("Explain compound interest with a formula and code.", LESSON);
			await stage.page.locator(".katex").first().waitFor();
			await stage.page.locator("pre span[style], pre span[class]").first().waitFor();
		},
	},
	{
		name: "writing",
		shows: "While an answer is written.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.modelSays(ETNA.slice(0, 150), "stay");
			await stage.send(QUESTION);
			await stage.page.locator("article[aria-busy=true] .prose").filter({ hasText: "Mount Etna" }).waitFor();
		},
	},
	{
		name: "queue",
		shows: "Messages that wait for the answer before them.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.modelSays(ETNA.slice(0, 150), "stay");
			await stage.send(QUESTION);
			await stage.page.locator("article[aria-busy=true] .prose").filter({ hasText: "Mount Etna" }).waitFor();
			await stage.send("And Stromboli?");
			await stage.send("Which of them can I climb in May?");
			await stage.page.getByRole("region", { name: stage.text("queue_title") }).waitFor();
		},
	},
	{
		name: "stopped",
		shows: "An answer that the reader stopped.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.modelSays(ETNA.slice(0, 150), "stay");
			await stage.send(QUESTION);
			await stage.page.locator("article[aria-busy=true] .prose").filter({ hasText: "Mount Etna" }).waitFor();
			await stage.button("chat_stop").click();
			await stage.page.locator("article[aria-busy=true]").waitFor({ state: "detached" });
		},
	},
	{
		name: "failed",
		shows: "An answer that failed, and was not counted.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.faults({ model: { failBeforeOutput: true } });
			await stage.send(QUESTION);
			await stage.button("frame_try_again").waitFor();
		},
	},
	{
		name: "versions",
		shows: "The second version of an answer, and why it was counted.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.ask(QUESTION, ETNA);
			await stage.modelSays("Etna is **3,403 m** tall.");
			await stage.button("chat_ask_again").click();
			await stage.page.getByText("Etna is 3,403 m tall.").waitFor();
			await stage.button("chat_why").last().click();
			await stage.page.locator("dl").first().waitFor();
		},
	},
	{
		name: "editing",
		shows: "A question that is edited.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.ask(QUESTION, ETNA);
			await stage.page.getByRole("article", { name: stage.text("side_you") }).hover();
			await stage.button("chat_edit").click();
			await stage.page.getByRole("textbox", { name: stage.text("chat_edit_label") }).waitFor();
		},
	},
	{
		name: "attachments",
		shows: "A message with files, and what it costs.",
		make: async (stage) => {
			await ofUser(stage, "/");
			const text = (name: string, words: string) => ({ name, mimeType: "text/plain", buffer: Buffer.from(words) });
			await stage.page
				.locator("input[type=file]")
				.setInputFiles([text("lease.txt", "The rent is due. ".repeat(2_000)), text("notes.md", "# Notes")]);
			await stage.write("What may my landlord ask of me?");
			await stage.page.locator("form li[aria-busy=false]").nth(1).waitFor();
		},
	},
	{
		name: "search-sources",
		shows: "Web search switched on, and an answer with its sources.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.page.locator("form").getByRole("switch").click();
			await stage.faults({ model: { firstTokenMs: 5, chunkMs: 1 } });
			await stage.send("What is the latest about Etna?");
			await stage.page.getByRole("region", { name: stage.text("chat_sources") }).waitFor();
			await stage.button("chat_send").waitFor();
		},
	},
	{
		name: "few-left",
		shows: "Two requests left of the day.",
		make: async (stage) => {
			await stage.signUp();
			await stage.use(17);
			await stage.goto("/");
			await stage.ask(QUESTION, ETNA);
		},
	},
	{
		name: "guest-limit",
		shows: "A guest's limit: what is written stays.",
		make: async (stage) => {
			await stage.goto("/");
			await stage.ask(QUESTION, ETNA);
			await stage.use(4);
			await stage.page.reload();
			await stage.write("And how tall is Stromboli?");
			await stage.page.getByText(stage.text("chat_limit_guest")).waitFor();
		},
	},
	{
		name: "day-limit",
		shows: "A user's limit of the day.",
		make: async (stage) => {
			await stage.signUp();
			await stage.use(19);
			await stage.goto("/");
			await stage.ask(QUESTION, ETNA);
			await stage.write("And how tall is Stromboli?");
			await stage.page.getByText(stage.text("chat_limit_free")).waitFor();
		},
	},
	{
		name: "just-paid",
		shows: "The moment after paying: back in the chat.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.ask(QUESTION, ETNA);
			await stage.goto("/pricing");
			await stage.button("plans_go").first().click();
			await stage.page.getByRole("button", { name: "Pay", exact: true }).click();
			await stage.page.getByText(stage.text("chat_on_pro")).waitFor();
		},
	},
	...(
		[
			["past-due", "The last payment failed."],
			["cancelling", "The plan is cancelled and still runs."],
			["trial", "A free trial."],
			["payment-under-way", "A payment that is being confirmed."],
		] as const
	).map(([scenario, shows]) => ({
		name: `chat-${scenario}`,
		shows: `In the chat: ${shows}`,
		make: async (stage: Stage) => {
			await atPlan(stage, scenario);
			await stage.goto("/");
			await stage.page.getByTestId("plan-news").waitFor();
		},
	})),
];

/** The actions of the newest chat in the list. */
async function openMenu(stage: Stage): Promise<void> {
	await stage.page.locator("aside nav li a").first().focus();
	await stage.page.keyboard.press("ArrowRight");
	await stage.page.keyboard.press("Enter");
	await stage.page.getByRole("menu").waitFor();
}

async function openMove(stage: Stage): Promise<void> {
	await openMenu(stage);
	await stage.page.getByRole("menuitem", { name: stage.text("list_move_to_folder") }).click();
	await stage.page.getByRole("dialog").waitFor();
}

/** A user whose newest chat is in a new folder. */
async function withFolder(stage: Stage): Promise<void> {
	await stage.signUp();
	await withChats(stage);
	await openMove(stage);
	await stage.page.getByRole("textbox", { name: stage.text("folder_new") }).fill("Sicily");
	await stage.page.keyboard.press("Enter");
	await folders(stage).getByRole("button", { name: "Sicily", exact: true }).click();
	await folders(stage).getByRole("link", { name: QUESTION }).waitFor();
}

const folders = (stage: Stage) => stage.page.locator("aside").getByRole("region", { name: stage.text("folder_list") });

const FRAME_STATES: State[] = [
	{
		name: "chat-menu",
		shows: "What can be done with a chat of the list.",
		make: async (stage) => {
			await stage.signUp();
			await withChats(stage);
			await openMenu(stage);
		},
	},
	{
		name: "move-to-folder",
		shows: "A chat is moved to a folder.",
		make: async (stage) => {
			await stage.signUp();
			await withChats(stage);
			await openMove(stage);
		},
	},
	{
		name: "folder",
		shows: "A folder, and a new chat that begins in it.",
		make: async (stage) => {
			await withFolder(stage);
			await folders(stage)
				.getByRole("link", { name: stage.text("folder_new_chat") })
				.click();
			await stage.page.getByText(stage.text("chat_in_folder")).waitFor();
		},
	},
	{
		name: "folder-instructions",
		shows: "What every answer in a folder follows.",
		make: async (stage) => {
			await withFolder(stage);
			await folders(stage)
				.getByRole("button", { name: stage.text("folder_edit_of") })
				.click();
			await stage.page.getByRole("textbox", { name: stage.text("folder_question") }).fill("Heights in metres, with their year.");
		},
	},
	{
		name: "temporary",
		shows: "A temporary chat.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.page.getByRole("switch", { name: stage.text("chat_temporary") }).click();
			await stage.modelSays(ETNA);
			await stage.send(QUESTION);
			await stage.page.locator("article[aria-busy=false] .prose, article:not([aria-busy=true]) .prose").last().waitFor();
			await stage.page.locator("article[aria-busy=true]").waitFor({ state: "detached" });
		},
	},
	{
		name: "archived",
		shows: "The archived chats.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.ask(QUESTION, ETNA);
			await openMenu(stage);
			await stage.page.getByRole("menuitem", { name: stage.text("list_archive") }).click();
			await stage.button("frame_archived_chats").click();
			await stage.page.getByRole("dialog").getByRole("link", { name: QUESTION }).waitFor();
		},
	},
	{
		name: "chat-instructions",
		shows: "What one chat tells every model, and what it costs.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.button("chat_instructions").click();
			await stage.page.getByRole("textbox", { name: stage.text("chat_instructions_question") }).fill("Heights in metres, with their year.");
		},
	},
	{
		name: "list-on-a-phone",
		shows: "The list of chats, over the chat on a phone.",
		make: async (stage) => {
			await stage.signUp();
			await withChats(stage);
			await stage.page.setViewportSize({ width: 390, height: 844 });
			await stage.button("side_show").click();
			await stage.page.getByRole("dialog").waitFor();
		},
	},
	{
		name: "search-chats",
		shows: "Search over titles and messages.",
		make: async (stage) => {
			await stage.signUp();
			await withChats(stage);
			await stage.page.keyboard.press("Control+k");
			await stage.page
				.getByRole("dialog")
				.getByRole("textbox")
				.or(stage.page.getByRole("dialog").getByRole("searchbox"))
				.or(stage.page.getByRole("dialog").getByRole("combobox"))
				.first()
				.fill("crater");
			await stage.page.getByRole("dialog").locator("mark").first().waitFor();
		},
	},
	{
		name: "keys",
		shows: "All keys.",
		make: async (stage) => {
			await stage.goto("/");
			await stage.page.locator("body").click();
			await stage.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
			await stage.page.keyboard.press("?");
			await stage.page.getByRole("dialog").waitFor();
		},
	},
	{
		name: "share",
		shows: "A chat is shared.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.ask(QUESTION, ETNA);
			await stage.button("share_or_download").click();
			await stage.button("share_create").click();
			await stage.page.getByRole("textbox", { name: stage.text("share_link") }).waitFor();
		},
	},
	{
		name: "shared-chat",
		shows: "The page of a shared chat.",
		make: async (stage) => {
			await ofUser(stage, "/");
			await stage.ask(QUESTION, ETNA);
			await stage.button("share_or_download").click();
			await stage.button("share_create").click();
			await stage.page.goto(await stage.page.getByRole("textbox", { name: stage.text("share_link") }).inputValue());
		},
	},
	{ name: "not-found", shows: "A page that is not there.", make: (stage) => stage.goto("/nothing/here") },
];

async function openDeletion(stage: Stage, scenario?: string): Promise<void> {
	await ofUser(stage, "/account/data", scenario);
	await stage.page.getByRole("button", { name: stage.text("deletion_account_action"), disabled: false }).click();
	await stage.page.getByRole("dialog").getByText(stage.text("deletion_loading")).waitFor({ state: "detached" });
}

const PAGES: State[] = [
	{ name: "sign-up", shows: "Signing up.", make: (stage) => stage.goto("/sign-up") },
	{ name: "sign-in", shows: "Signing in.", make: (stage) => stage.goto("/sign-in") },
	{
		name: "second-factor",
		shows: "The second factor is set up.",
		make: async (stage) => {
			await ofUser(stage, "/account/profile");
			await stage.button("account_second_set_up").click();
			await stage.page.getByRole("img", { name: stage.text("account_second_picture") }).scrollIntoViewIfNeeded();
		},
	},
	{ name: "imprint", shows: "A legal page.", make: (stage) => stage.goto("/imprint") },
	{ name: "pricing", shows: "Pricing, for a guest.", make: (stage) => stage.goto("/pricing") },
	{ name: "pricing-pro", shows: "Pricing, for a subscriber.", make: (stage) => ofUser(stage, "/pricing", "pro-999-of-1000") },
	{ name: "what-counts", shows: "What counts.", make: (stage) => stage.goto("/what-counts") },
	{
		name: "account-usage",
		shows: "Account: usage.",
		make: async (stage) => {
			await stage.signUp();
			await stage.use(7);
			await stage.goto("/account/usage");
		},
	},
	{ name: "account-plan-free", shows: "Account: the free plan.", make: (stage) => atPlan(stage) },
	{ name: "account-plan-pro", shows: "Account: Pro.", make: (stage) => atPlan(stage, "pro-999-of-1000") },
	{ name: "account-plan-past-due", shows: "Account: the last payment failed.", make: (stage) => atPlan(stage, "past-due") },
	{ name: "account-plan-cancelling", shows: "Account: a cancelled plan.", make: (stage) => atPlan(stage, "cancelling") },
	{
		name: "cancel-plan",
		shows: "What cancelling means.",
		make: async (stage) => {
			await atPlan(stage, "pro-999-of-1000");
			await stage.button("account_cancel_of").first().click();
			await stage.page.getByRole("dialog").waitFor();
		},
	},
	{ name: "account-organization", shows: "Account: organization.", make: (stage) => ofUser(stage, "/account/organization") },
	{ name: "account-keys", shows: "Account: API keys.", make: (stage) => ofUser(stage, "/account/keys") },
	{ name: "account-profile", shows: "Account: profile.", make: (stage) => ofUser(stage, "/account/profile") },
	{ name: "account-appearance", shows: "Account: appearance.", make: (stage) => ofUser(stage, "/account/appearance") },
	{ name: "account-data", shows: "Account: data.", make: (stage) => ofUser(stage, "/account/data") },
	{
		name: "delete-account",
		shows: "What deleting the account of a subscriber means.",
		make: (stage) => openDeletion(stage, "pro-999-of-1000"),
	},
	{
		name: "leaving",
		shows: "An account that is being deleted, and how to keep it.",
		make: async (stage) => {
			await openDeletion(stage);
			await stage.page
				.getByRole("dialog")
				.getByRole("button", { name: stage.text("deletion_account_action") })
				.click();
			await stage.page.waitForURL("**/leaving*");
			await stage.page.getByRole("heading", { level: 1 }).waitFor();
		},
	},
	{
		name: "new-key",
		shows: "A new key of the API, shown once.",
		make: async (stage) => {
			await ofUser(stage, "/account/keys");
			await stage.page.getByRole("textbox").first().fill("Nightly report");
			await stage.button("keys_create").click();
			await stage.page.getByText(stage.text("keys_keep")).waitFor();
		},
	},
];

export const STATES: readonly State[] = [...CHAT_STATES, ...FRAME_STATES, ...PAGES];
