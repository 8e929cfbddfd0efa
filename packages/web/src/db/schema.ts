import { relations, sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

// better-auth's core schema with plural names, and a few tables of ours. Plans, payments and usage are not stored here.
const instant = (name: string) => integer(name, { mode: "timestamp_ms" });

export const users = sqliteTable(
	"users",
	{
		id: text("id").primaryKey(),
		name: text("name").notNull(),
		email: text("email").notNull().unique(),
		emailVerified: integer("email_verified", { mode: "boolean" }).notNull().default(false),
		image: text("image"),
		/** When the cron trigger last reminded the account's chat list that chats expire (lib/chat/retention.ts). */
		listRemindedAt: instant("list_reminded_at").notNull().default(sql`0`),
		createdAt: instant("created_at").notNull(),
		updatedAt: instant("updated_at").notNull(),
	},
	(table) => [index("users_list_reminded").on(table.listRemindedAt)],
);

export const sessions = sqliteTable(
	"sessions",
	{
		id: text("id").primaryKey(),
		token: text("token").notNull().unique(),
		userId: text("user_id")
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		expiresAt: instant("expires_at").notNull(),
		ipAddress: text("ip_address"),
		userAgent: text("user_agent"),
		/** The organization the session acts for. It has no effect after the membership has ended. */
		activeOrganizationId: text("active_organization_id"),
		/** When the person last proved their identity in this session; null: when it was opened (lib/identity/recent-proof.ts). */
		provenAt: instant("proven_at"),
		/** Written at most once an hour; null: not used since it was opened. */
		usedAt: instant("used_at"),
		createdAt: instant("created_at").notNull(),
		updatedAt: instant("updated_at").notNull(),
	},
	(table) => [index("sessions_user_id").on(table.userId), index("sessions_expires").on(table.expiresAt)],
);

export const accounts = sqliteTable(
	"accounts",
	{
		id: text("id").primaryKey(),
		accountId: text("account_id").notNull(),
		providerId: text("provider_id").notNull(),
		userId: text("user_id")
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		accessToken: text("access_token"),
		refreshToken: text("refresh_token"),
		idToken: text("id_token"),
		accessTokenExpiresAt: instant("access_token_expires_at"),
		refreshTokenExpiresAt: instant("refresh_token_expires_at"),
		scope: text("scope"),
		password: text("password"),
		createdAt: instant("created_at").notNull(),
		updatedAt: instant("updated_at").notNull(),
	},
	(table) => [
		index("accounts_user_id").on(table.userId),
		// One provider account opens one account here.
		uniqueIndex("accounts_provider").on(table.providerId, table.accountId),
	],
);

/** An authenticator app as the second factor of each sign-in (lib/identity/second-factor.ts). */
export const secondFactors = sqliteTable("second_factors", {
	userId: text("user_id")
		.primaryKey()
		.references(() => users.id, { onDelete: "cascade" }),
	/** The shared secret, encrypted. */
	secret: text("secret").notNull(),
	/** Keyed hashes of the remaining recovery codes, as JSON. */
	recovery: text("recovery").notNull(),
	/** The time step of the last accepted code, because a code works once (RFC 6238, 5.2). */
	lastStep: integer("last_step").notNull().default(0),
	/** Null until a first code has proven that the app has the secret. Until then sign-ins do not require it. */
	enabledAt: instant("enabled_at"),
});

/** Passkeys (WebAuthn credentials). */
export const passkeys = sqliteTable(
	"passkeys",
	{
		/** The credential's id, base64url. */
		id: text("id").primaryKey(),
		userId: text("user_id")
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		name: text("name").notNull(),
		/** COSE, base64url. */
		publicKey: text("public_key").notNull(),
		counter: integer("counter").notNull(),
		/** How the browser may reach it, as JSON. */
		transports: text("transports").notNull(),
		createdAt: instant("created_at").notNull(),
		usedAt: instant("used_at"),
	},
	(table) => [index("passkeys_user_id").on(table.userId)],
);

export const verifications = sqliteTable(
	"verifications",
	{
		id: text("id").primaryKey(),
		identifier: text("identifier").notNull(),
		value: text("value").notNull(),
		expiresAt: instant("expires_at").notNull(),
		createdAt: instant("created_at").notNull(),
		updatedAt: instant("updated_at").notNull(),
	},
	(table) => [index("verifications_identifier").on(table.identifier), index("verifications_expires").on(table.expiresAt)],
);

export const rateLimits = sqliteTable(
	"rate_limits",
	{
		id: text("id").primaryKey(),
		key: text("key").notNull().unique(),
		count: integer("count").notNull(),
		lastRequest: integer("last_request").notNull(),
	},
	(table) => [index("rate_limits_last_request").on(table.lastRequest)],
);

export const organizations = sqliteTable("organizations", {
	id: text("id").primaryKey(),
	name: text("name").notNull(),
	slug: text("slug").notNull().unique(),
	logo: text("logo"),
	metadata: text("metadata"),
	/** Each member's limit of requests per billing period; null for the default (lib/identity/organization.ts). */
	requestsPerMember: integer("requests_per_member"),
	createdAt: instant("created_at").notNull(),
});

// The triggers of migration 0004 allow only the roles owner, admin and member, and protect the last owner.
export const members = sqliteTable(
	"members",
	{
		id: text("id").primaryKey(),
		organizationId: text("organization_id")
			.notNull()
			.references(() => organizations.id, { onDelete: "cascade" }),
		userId: text("user_id")
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		role: text("role").notNull().default("member"),
		createdAt: instant("created_at").notNull(),
	},
	(table) => [
		uniqueIndex("members_user_organization").on(table.userId, table.organizationId),
		index("members_organization").on(table.organizationId),
	],
);

export const invitations = sqliteTable(
	"invitations",
	{
		id: text("id").primaryKey(),
		organizationId: text("organization_id")
			.notNull()
			.references(() => organizations.id, { onDelete: "cascade" }),
		email: text("email").notNull(),
		role: text("role").notNull(),
		status: text("status").notNull().default("pending"),
		expiresAt: instant("expires_at").notNull(),
		createdAt: instant("created_at").notNull(),
		inviterId: text("inviter_id")
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
	},
	(table) => [
		index("invitations_organization").on(table.organizationId),
		index("invitations_email").on(table.email),
		// For the foreign key: when a user is written, SQLite looks up their invitations.
		index("invitations_inviter").on(table.inviterId),
		index("invitations_expires").on(table.expiresAt),
	],
);

/** A user's instructions to every model. Read with each session, so that requests need no separate query. */
export const instructions = sqliteTable("instructions", {
	userId: text("user_id")
		.primaryKey()
		.references(() => users.id, { onDelete: "cascade" }),
	about: text("about").notNull(),
	answer: text("answer").notNull(),
});

/**
 * Users' API keys. Only a hash of each is stored. SHA-256 suffices: a key has 256 random bits, which cannot be guessed, so a slow hash would not
 * add protection.
 */
export const apiKeys = sqliteTable(
	"api_keys",
	{
		id: text("id").primaryKey(),
		userId: text("user_id")
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		/** The organization the key acts for; null for the user alone. It has no effect after the membership has ended. */
		organizationId: text("organization_id").references(() => organizations.id, { onDelete: "cascade" }),
		name: text("name").notNull(),
		/** SHA-256 of the whole key, base64url. */
		hash: text("hash").notNull().unique(),
		/** The start of the key, by which its user recognizes it. */
		prefix: text("prefix").notNull(),
		/** Permitted uses, separated by spaces. */
		scopes: text("scopes").notNull(),
		/** The most units per window; null for no limit besides the user's. */
		limitUnits: integer("limit_units"),
		limitPer: text("limit_per", { enum: ["day", "period"] }),
		/** Null for never. By the usage clock. */
		expiresAt: instant("expires_at"),
		lastUsedAt: instant("last_used_at"),
		createdAt: instant("created_at").notNull(),
	},
	(table) => [index("api_keys_user").on(table.userId), index("api_keys_organization").on(table.organizationId)],
);

/** Mails about events (lib/identity/email/outbox.ts). A finished one keeps only its event, so that it is not sent again. Epoch milliseconds. */
export const mails = sqliteTable(
	"mails",
	{
		event: text("event").primaryKey(),
		userId: text("user_id").references(() => users.id, { onDelete: "cascade" }),
		topic: text("topic"),
		/** The mail as JSON, identical in every attempt. */
		letter: text("letter"),
		state: text("state", { enum: ["waiting", "sending", "sent", "refused", "unknown"] }).notNull(),
		attempts: integer("attempts").notNull(),
		/** When it may be attempted, by the machine's clock; null once finished. */
		dueAt: integer("due_at"),
		/** The earliest attempt by the usage clock. */
		notBefore: integer("not_before").notNull(),
		firstTriedAt: integer("first_tried_at"),
		/** Whether an attempt ended without an answer. */
		isUnsure: integer("is_unsure", { mode: "boolean" }).notNull().default(false),
		/** How long after its first attempt it is abandoned. */
		usefulMs: integer("useful_ms").notNull(),
		createdAt: instant("created_at").notNull(),
		endedAt: instant("ended_at"),
	},
	(table) => [
		index("mails_due").on(table.dueAt),
		index("mails_ended").on(table.endedAt),
		index("mails_topic").on(table.topic),
		// For the foreign key: when a user is deleted, SQLite looks up their mails.
		index("mails_user").on(table.userId),
	],
);

/** An account's mail settings. Created with its first session. */
export const mailSettings = sqliteTable("mail_settings", {
	userId: text("user_id")
		.primaryKey()
		.references(() => users.id, { onDelete: "cascade" }),
	/** The language of the account's last sign-in. */
	language: text("language", { enum: ["en", "de"] }).notNull(),
	/** Whether the account is notified at 80 % and 100 % usage. Null: for a paid plan, but not for the free day. */
	tellsUsage: integer("tells_usage", { mode: "boolean" }),
});

/** Counts of rate-limited events per window: wrong passwords for an address, mails to one (lib/identity/bounds.ts). */
export const bounds = sqliteTable(
	"bounds",
	{
		/** A keyed hash of what is counted, so the table contains no address. */
		key: text("key").primaryKey(),
		count: integer("count").notNull(),
		/** Epoch milliseconds. From then on the count is 0. */
		endsAt: integer("ends_at").notNull(),
	},
	(table) => [index("bounds_ends").on(table.endsAt)],
);

/** Pending deletions of users and organizations (lib/deletion). A user's row locks the account. The deletion removes its own row last. */
export const deletions = sqliteTable(
	"deletions",
	{
		/** The id of the user or organization. */
		id: text("id").primaryKey(),
		kind: text("kind", { enum: ["user", "organization"] }).notNull(),
		/** How its plan was cancelled; `none` if there was none. */
		plan: text("plan", { enum: ["none", "now", "period-end"] }).notNull(),
		requestedAt: instant("requested_at").notNull(),
		/** It can be kept until then, and is deleted afterwards. By the usage clock. */
		dueAt: instant("due_at").notNull(),
		/** The last deletion attempt. */
		triedAt: instant("tried_at").notNull(),
	},
	(table) => [index("deletions_due").on(table.dueAt)],
);

/** Each ledger's latest report about the billing provider, for operators. Ledgers never read it back. */
export const ledgerReports = sqliteTable(
	"ledger_reports",
	{
		/** The subject's key. */
		subject: text("subject").primaryKey(),
		provider: text("provider", { enum: ["ok", "unauthorized", "failing"] }).notNull(),
		/** Rows not yet reported to the provider, and how many of them it refused five times. */
		owed: integer("owed").notNull(),
		deadLetters: integer("dead_letters").notNull(),
		/** Units by which the provider's count was below the ledger's at the last comparison (metering/reconciliation.ts). Null before the first. */
		drift: integer("drift"),
		/** Reports resent because of drift. */
		resent: integer("resent").notNull().default(0),
		comparedAt: instant("compared_at"),
		updatedAt: instant("updated_at").notNull(),
		/** Whether an operator must look at this ledger. A computed column, so that the few of them have an index among millions. */
		isTroubled: integer("is_troubled", { mode: "boolean" }).generatedAlwaysAs(
			sql`(provider <> 'ok' or dead_letters > 0 or coalesce(drift, 0) <> 0)`,
		),
	},
	(table) => [
		index("ledger_reports_troubled").on(table.isTroubled, table.updatedAt),
		index("ledger_reports_provider").on(table.provider, table.updatedAt),
		index("ledger_reports_owed").on(table.owed),
	],
);

/** Each subject's usage by UTC day, model and tier: copies of the ledgers' daily totals, for sums over all subjects. */
export const usageDays = sqliteTable(
	"usage_days",
	{
		id: integer("id").primaryKey(),
		/** The start of the UTC day. */
		day: instant("day").notNull(),
		/** The subject's key. */
		subject: text("subject").notNull(),
		model: text("model").notNull(),
		/** The tier that paid. */
		tier: text("tier", { enum: ["guest", "free", "paid"] }).notNull(),
		/** Counted requests, and their units. */
		requests: integer("requests").notNull(),
		units: integer("units").notNull(),
		/** Tokens and micro-dollars of all model calls, and how many requests have estimated numbers. */
		input: integer("input").notNull(),
		cached: integer("cached").notNull(),
		output: integer("output").notNull(),
		reasoning: integer("reasoning").notNull(),
		microDollars: integer("micro_dollars").notNull(),
		estimated: integer("estimated").notNull(),
	},
	// Inserting a row writes two rows, changing one writes one.
	(table) => [uniqueIndex("usage_days_totals").on(table.day, table.subject, table.model, table.tier)],
);

/** Maps users and organizations to Stripe customers (seed 002). Written at the first checkout; changed only if Stripe no longer has the customer. */
export const stripeCustomers = sqliteTable("stripe_customers", {
	/** The id of the user or paying organization. */
	userId: text("user_id").primaryKey(),
	stripeCustomerId: text("stripe_customer_id").notNull().unique(),
	createdAt: instant("created_at").notNull(),
});

/** Processed Stripe events, kept for as long as Stripe may redeliver them. */
export const stripeEvents = sqliteTable("stripe_events", { id: text("id").primaryKey(), doneAt: instant("done_at").notNull() }, (table) => [
	index("stripe_events_done").on(table.doneAt),
]);

/** A billing provider's answers for all visitors, such as prices, so that no visitor's page waits for it. Replaced by each read. */
export const providerCopies = sqliteTable(
	"provider_copies",
	{
		/** What was read, and from which provider. */
		name: text("name").primaryKey(),
		/** The answer as JSON. */
		answer: text("answer").notNull(),
		readAt: instant("read_at").notNull(),
	},
	(table) => [index("provider_copies_read").on(table.readAt)],
);

// Relations let better-auth read rows together in one query, above all a session with its user.
export const userRelations = relations(users, ({ many }) => ({ accounts: many(accounts), members: many(members) }));
export const sessionRelations = relations(sessions, ({ one }) => ({
	user: one(users, { fields: [sessions.userId], references: [users.id] }),
}));
export const accountRelations = relations(accounts, ({ one }) => ({
	user: one(users, { fields: [accounts.userId], references: [users.id] }),
}));
export const organizationRelations = relations(organizations, ({ many }) => ({ members: many(members), invitations: many(invitations) }));
export const memberRelations = relations(members, ({ one }) => ({
	user: one(users, { fields: [members.userId], references: [users.id] }),
	organization: one(organizations, { fields: [members.organizationId], references: [organizations.id] }),
}));
export const invitationRelations = relations(invitations, ({ one }) => ({
	organization: one(organizations, { fields: [invitations.organizationId], references: [organizations.id] }),
}));
