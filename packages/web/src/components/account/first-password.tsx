import { useRouter } from "@tanstack/react-router";
import { t } from "../../text/text.ts";
import { FieldForm } from "../organization/field-form.tsx";
import { post } from "../session/session-requests.ts";

/** Sets a password for an account that so far signs in only by mail or a provider. */
export function FirstPassword({ isConfirmed }: { isConfirmed: boolean }) {
	const router = useRouter();
	if (!isConfirmed) return <p className="text-soft">{t("auth_confirm_first")}</p>;
	return (
		<div className="max-w-form">
			<FieldForm
				label={t("account_new_password")}
				hint={t("account_no_password")}
				input={{ type: "password", autoComplete: "new-password" }}
				action={t("account_set_password")}
				onSubmit={async (password) => {
					const problem = await post("set-password", { password });
					if (problem) return { problem: problem.text };
					await router.invalidate();
					return { done: t("account_saved") };
				}}
			/>
		</div>
	);
}
