#!/bin/sh
# A migration makes twelve new tables and forgets the five columns that the same change adds to users. Every check by
# file name is content: a schema and a migration were committed together.
. "$(dirname "$0")/../lib.sh"
start prisma-postgres

cp -R "$examples/incomplete-migration/change/." .
git add --all
show git commit --quiet -m "Add workspaces and billing"
echo
echo '# With a second migration for the five columns: accepted.'
mkdir -p prisma/migrations/20260301081500_add_user_billing
cat > prisma/migrations/20260301081500_add_user_billing/migration.sql <<'SQL'
-- AlterTable
ALTER TABLE "users" ADD COLUMN     "billing_customer" TEXT,
ADD COLUMN     "locale" TEXT NOT NULL DEFAULT 'en',
ADD COLUMN     "trial_ends_at" TIMESTAMP(3),
ADD COLUMN     "unlimited_seats" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "unlimited_seats_until" TIMESTAMP(3);
SQL
show git add prisma/migrations
show git commit --quiet -m "Add workspaces and billing"
