import { createFileRoute } from "@tanstack/react-router";
import { Page } from "../components/frame/page.tsx";
import { ConfirmLink } from "../components/session/confirm-link.tsx";
import { nextPath } from "../components/session/next-path.ts";
import { loadConfirmation } from "../lib/http/other-pages.ts";
import { t } from "../text/text.ts";

export const Route = createFileRoute("/confirm-email")({
	validateSearch: ({ token, next }): { token: string; next: string } => ({
		token: typeof token === "string" ? token : "",
		next: nextPath(next),
	}),
	loaderDeps: ({ search: { token } }) => ({ token }),
	loader: ({ deps: { token } }) => loadConfirmation({ data: token }),
	gcTime: 0,
	head: () => ({ meta: [{ title: t("site_title", { page: t("email_confirm_address") }) }] }),
	component: ConfirmEmailPage,
});

function ConfirmEmailPage() {
	const { token, next } = Route.useSearch();
	return (
		<Page narrow>
			<h1 className="font-semibold text-display tracking-tight">{t("email_confirm_address")}</h1>
			<ConfirmLink confirmation={Route.useLoaderData()} token={token} next={next} />
		</Page>
	);
}
