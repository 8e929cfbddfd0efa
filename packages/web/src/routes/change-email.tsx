import { createFileRoute } from "@tanstack/react-router";
import { Page } from "../components/frame/page.tsx";
import { EmailChange } from "../components/session/email-change.tsx";
import { loadEmailChange } from "../lib/http/sign-in-pages.ts";
import { t } from "../text/text.ts";

export const Route = createFileRoute("/change-email")({
	validateSearch: ({ token }): { token: string } => ({ token: typeof token === "string" ? token : "" }),
	loaderDeps: ({ search: { token } }) => ({ token }),
	loader: ({ deps: { token } }) => loadEmailChange({ data: token }),
	gcTime: 0,
	head: () => ({ meta: [{ title: t("site_title", { page: t("email_change") }) }, { name: "referrer", content: "no-referrer" }] }),
	component: ChangeEmailPage,
});

function ChangeEmailPage() {
	const { token } = Route.useSearch();
	return (
		<Page narrow>
			<h1 className="font-semibold text-display tracking-tight">{t("email_change")}</h1>
			<EmailChange change={Route.useLoaderData()} token={token} />
		</Page>
	);
}
