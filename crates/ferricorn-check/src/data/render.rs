//! What Render's `render.yaml` may hold, and what its plans are. As documented on 2026-11-30
//! (<https://render.com/docs/blueprint-spec>, the published JSON schema, <https://render.com/pricing>).

use super::Origin;

/// Where this is from.
pub const ORIGIN: Origin = Origin {
    name: "render",
    holds: "keys, plans, regions and defaults of Render",
    date: "2026-11-30",
    source: "https://render.com/docs/blueprint-spec, https://render.com/pricing",
};

/// A plan of a service: name, thousandths of a processor, MB.
pub const PLANS: [(&str, u64, u64); 9] = [
    ("free", 100, 512),
    ("starter", 500, 512),
    ("standard", 1000, 2048),
    ("pro", 2000, 4096),
    ("pro plus", 4000, 8192),
    ("pro max", 4000, 16384),
    ("pro ultra", 8000, 32768),
    ("starter plus", 1000, 1024),
    ("standard plus", 1500, 3072),
];

/// The plan of a new service that names none.
pub const DEFAULT_PLAN: &str = "starter";

/// The Python of a new native service that names none.
pub const PYTHON: &str = "3.14.3";

/// `PORT`, unless the service sets it.
pub const PORT: u16 = 10000;

/// `maxShutdownDelaySeconds`, unless the service sets it.
pub const KILL_DELAY: u64 = 30;

/// Regions.
pub const REGIONS: [&str; 5] = ["oregon", "ohio", "frankfurt", "singapore", "virginia"];

/// What `runtime` may be.
pub const RUNTIMES: [&str; 9] =
    ["docker", "elixir", "go", "image", "node", "python", "ruby", "rust", "static"];

/// What `type` may be.
pub const TYPES: [&str; 7] = ["web", "worker", "pserv", "cron", "keyvalue", "redis", "static"];

/// Keys at the top.
pub const TOP: [&str; 9] = [
    "version",
    "services",
    "databases",
    "envVarGroups",
    "projects",
    "ungrouped",
    "previews",
    "previewsEnabled",
    "previewsExpireAfterDays",
];

/// Keys of every service that runs.
pub const SERVICE: [&str; 36] = [
    "type",
    "name",
    "runtime",
    "env",
    "region",
    "plan",
    "repo",
    "branch",
    "image",
    "rootDir",
    "dockerCommand",
    "dockerContext",
    "dockerfilePath",
    "numInstances",
    "healthCheckPath",
    "scaling",
    "buildCommand",
    "startCommand",
    "preDeployCommand",
    "registryCredential",
    "domain",
    "domains",
    "envVars",
    "autoDeploy",
    "autoDeployTrigger",
    "initialDeployHook",
    "disk",
    "buildFilter",
    "previews",
    "pullRequestPreviewsEnabled",
    "previewPlan",
    "maxShutdownDelaySeconds",
    "ipAllowList",
    "renderSubdomainPolicy",
    "maintenanceMode",
    "schedule",
];

/// Further keys of a static site.
pub const STATIC: [&str; 4] = ["staticPublishPath", "headers", "routes", "publishPath"];

/// Keys of a key value store.
pub const KEY_VALUE: [&str; 8] =
    ["type", "name", "region", "plan", "ipAllowList", "maxmemoryPolicy", "previewPlan", "previews"];
