-- Who sends: tenants, their keys and domains, and whom they must not write to.

CREATE TABLE installation (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    -- A known text sealed under the master key: a host with another key refuses to start.
    sealed_check bytea NOT NULL,
    -- Part of every event cursor: a ledger restored elsewhere starts a new epoch.
    cell_epoch integer NOT NULL DEFAULT 1
);

CREATE TABLE tenants (
    tenant_id uuid PRIMARY KEY,
    name text NOT NULL,
    trust text NOT NULL DEFAULT 'normal' CHECK (trust IN ('trial', 'normal', 'trusted')),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
    key_id text PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    mode text NOT NULL CHECK (mode IN ('live', 'test')),
    name text NOT NULL,
    scopes text[] NOT NULL,
    secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_keys_tenant ON api_keys (tenant_id);

CREATE TABLE sending_domains (
    domain_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    -- Lower-case A-label, no trailing dot.
    domain text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'verified', 'degraded', 'failed')),
    verified_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sending_domains_tenant ON sending_domains (tenant_id);
-- Many may ask for a domain; one owns it.
CREATE UNIQUE INDEX sending_domains_owner ON sending_domains (domain) WHERE state IN ('verified', 'degraded');

CREATE TABLE suppressions (
    tenant_id uuid NOT NULL,
    -- The policy key of the address: lower case, A-label domain.
    address text NOT NULL,
    stream text NOT NULL,
    reason text NOT NULL,
    source text NOT NULL DEFAULT 'gateway',
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    PRIMARY KEY (tenant_id, address, stream)
);

CREATE TABLE idempotency (
    tenant_id uuid NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    message_id uuid NOT NULL,
    -- Places of the recipients that were suppressed: with the request itself they give back the first answer.
    suppressed smallint[] NOT NULL DEFAULT '{}',
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_expires ON idempotency (expires_at);
