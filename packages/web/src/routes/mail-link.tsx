import { createFileRoute } from "@tanstack/react-router";
import { Page } from "../components/frame/page.tsx";
import { MailLink } from "../components/session/mail-link.tsx";
import { loadMailLink } from "../lib/http/sign-in-pages.ts";
import { t } from "../text/text.ts";

export const Route = createFileRoute("/mail-link")({
	validateSearch: ({ token }): { token: string } => ({ token: typeof token === "string" ? token : "" }),
	loaderDeps: ({ search: { token } }) => ({ token }),
	loader: ({ deps: { token } }) => loadMailLink({ data: token }),
	gcTime: 0,
	// The URL opens an account, so no other page may learn it.
	head: () => ({ meta: [{ title: t("site_title", { page: t("frame_sign_in") }) }, { name: "referrer", content: "no-referrer" }] }),
	component: MailLinkPage,
});

function MailLinkPage() {
	const { token } = Route.useSearch();
	return (
		<Page narrow>
			<MailLink link={Route.useLoaderData()} token={token} />
		</Page>
	);
}
