CREATE TABLE `provider_copies` (
	`name` text PRIMARY KEY NOT NULL,
	`answer` text NOT NULL,
	`read_at` integer NOT NULL
);
