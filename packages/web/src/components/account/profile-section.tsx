import { useRouter } from "@tanstack/react-router";
import { NAME_CHARS_MAX } from "../../name-rule.ts";
import { t } from "../../text/text.ts";
import type { Viewer } from "../../view/identity.ts";
import { SignOutButton } from "../frame/side-column.tsx";
import { FieldForm } from "../organization/field-form.tsx";
import { post } from "../session/session-requests.ts";
import { ChangePassword } from "./change-password.tsx";
import { FirstPassword } from "./first-password.tsx";
import { Section } from "./section.tsx";

interface ProfileSectionProps {
	viewer: Viewer & { kind: "user" };
	hasPassword: boolean;
}

/** The viewer's name, address and password. */
export function ProfileSection({ viewer: { name, email, emailVerified }, hasPassword }: ProfileSectionProps) {
	const router = useRouter();
	return (
		<>
			<Section title={t("side_you")}>
				<p className="mb-4 text-soft wrap-anywhere">
					{email} · {emailVerified ? t("account_confirmed") : t("account_not_confirmed")}
				</p>
				<div className="flex max-w-form flex-col gap-5">
					<FieldForm
						key={name}
						label={t("auth_name")}
						hint=""
						input={{ type: "text", autoComplete: "name", defaultValue: name }}
						action={t("frame_save")}
						onSubmit={async (value) => {
							if (value === "" || [...value].length > NAME_CHARS_MAX) return { problem: t("auth_name_needed") };
							const problem = await post("update-user", { name: value });
							if (problem) return { problem: problem.text };
							await router.invalidate();
							return { done: t("account_saved") };
						}}
					/>
					<FieldForm
						label={t("account_new_email")}
						hint={emailVerified ? t("account_new_email_hint") : t("account_new_email_unconfirmed")}
						input={{ type: "email", autoComplete: "email" }}
						action={t("account_change_email")}
						onSubmit={async (value) => {
							if (!/^\S+@\S+\.\S+$/.test(value)) return { problem: t("auth_email_needed") };
							const problem = await post("change-email", { newEmail: value });
							return problem ? { problem: problem.text } : { done: t("account_email_mailed", { to: emailVerified ? email : value }) };
						}}
					/>
				</div>
				<div className="mt-4 -ml-2">
					<SignOutButton />
				</div>
			</Section>
			<Section title={t("account_password")} anchor="password">
				{hasPassword ? <ChangePassword /> : <FirstPassword isConfirmed={emailVerified} />}
			</Section>
		</>
	);
}
