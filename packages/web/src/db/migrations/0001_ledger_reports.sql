CREATE TABLE `ledger_reports` (
	`subject` text PRIMARY KEY NOT NULL,
	`provider` text NOT NULL,
	`owed` integer NOT NULL,
	`dead_letters` integer NOT NULL,
	`drift` integer,
	`resent` integer DEFAULT 0 NOT NULL,
	`compared_at` integer,
	`updated_at` integer NOT NULL
);
