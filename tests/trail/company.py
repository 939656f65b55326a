"""The company in the sample: three accounts, two regions, its people, roles, machines and the things they own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from tests.trail.ids import Ids
from tests.trail.principals import Client, Role, User

ORGANIZATION = "o-exampleorg1"
MANAGEMENT, PRODUCTION, CI = "111122223333", "444455556666", "777788889999"
"""Management and log archive; production; continuous integration and development."""
ACCOUNTS = (MANAGEMENT, PRODUCTION, CI)
HOME, EUROPE = "us-east-1", "eu-west-1"
REGIONS = (HOME, EUROPE)
CHAINS = tuple((account, region) for account in ACCOUNTS for region in REGIONS)
START, END = datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 12, tzinfo=UTC)

LOG_BUCKET = "example-org-cloudtrail-logs"
TRAIL_ARN = f"arn:aws:cloudtrail:{HOME}:{MANAGEMENT}:trail/example-org-trail"

_ids = Ids("company")


def _role(account: str, name: str, path: str = "/") -> Role:
    return Role(account, name, _ids.unique_id("AROA"), path)


def _service_role(account: str, name: str, service: str) -> Role:
    return _role(account, name, f"/aws-service-role/{service}/")


def _sso(account: str, permission_set: str) -> Role:
    name = f"AWSReservedSSO_{permission_set}_{_ids.hexadecimal(16)}"
    return _role(account, name, "/aws-reserved/sso.amazonaws.com/")


# Roles that people and pipelines take.
GITHUB_DEPLOY = _role(CI, "github-deploy")
DEPLOY_PRODUCTION = _role(PRODUCTION, "deploy-production")
PLATFORM_ADMIN = _role(PRODUCTION, "platform-admin")
TERRAFORM_PLAN = _role(PRODUCTION, "terraform-plan")
LOG_ARCHIVE = _role(MANAGEMENT, "log-archive-operator")
SSO_ADMIN = {account: _sso(account, "AdministratorAccess") for account in ACCOUNTS}
SSO_DEVELOPER = {account: _sso(account, "DeveloperAccess") for account in ACCOUNTS}
SSO_READER = {account: _sso(account, "ReadOnlyAccess") for account in ACCOUNTS}

# Roles that services take.
CONFIG = {account: _service_role(account, "AWSServiceRoleForConfig", "config.amazonaws.com") for account in ACCOUNTS}
AUTOSCALING = _service_role(PRODUCTION, "AWSServiceRoleForAutoScaling", "autoscaling.amazonaws.com")
RDS = _service_role(PRODUCTION, "AWSServiceRoleForRDS", "rds.amazonaws.com")
SHOP_INSTANCE = _role(PRODUCTION, "shop-web-instance")
RUNNER_INSTANCE = _role(CI, "build-runner-instance")

# IAM users: one that a pipeline has used for years, one for emergencies.
CI_DEPLOY = User(CI, "ci-deploy", _ids.unique_id("AIDA"), _ids.access_key("AKIA"))
BREAK_GLASS = User(MANAGEMENT, "break-glass", _ids.unique_id("AIDA"))


@dataclass(frozen=True, slots=True)
class Function:
    account: str
    region: str
    name: str
    role: Role

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"


@dataclass(frozen=True, slots=True)
class Instance:
    account: str
    region: str
    instance_id: str
    role: Role
    address: str
    """The address that its calls come from."""


FUNCTIONS = (
    Function(PRODUCTION, HOME, "order-intake", _role(PRODUCTION, "order-intake-role", "/service-role/")),
    Function(PRODUCTION, HOME, "cart-sync", _role(PRODUCTION, "cart-sync-role", "/service-role/")),
    Function(PRODUCTION, EUROPE, "payroll-export", _role(PRODUCTION, "payroll-export-role", "/service-role/")),
    Function(MANAGEMENT, HOME, "cost-report", _role(MANAGEMENT, "cost-report-role", "/service-role/")),
    Function(CI, HOME, "preview-cleanup", _role(CI, "preview-cleanup-role", "/service-role/")),
)
INSTANCES = (
    Instance(PRODUCTION, HOME, _ids.resource("i"), SHOP_INSTANCE, "192.0.2.101"),
    Instance(PRODUCTION, HOME, _ids.resource("i"), SHOP_INSTANCE, "2001:db8:1f:8000::65"),
    Instance(PRODUCTION, EUROPE, _ids.resource("i"), SHOP_INSTANCE, "192.0.2.131"),
    Instance(CI, HOME, _ids.resource("i"), RUNNER_INSTANCE, "192.0.2.44"),
)

# Things that are there to be used, and, some of them, to be destroyed.
CARTS, ORDERS = "example-carts", "example-orders"
"""DynamoDB tables in production, us-east-1."""
PAYROLL_BUCKET = "example-payroll-archive"
"""In production, eu-west-1; not versioned, so what is deleted there is gone."""
ASSETS_BUCKET, ARTIFACTS_BUCKET = "example-shop-assets", "example-ci-artifacts"
ORDERS_SNAPSHOT = _ids.resource("snap")
PAYROLL_SECRET = f"arn:aws:secretsmanager:{HOME}:{PRODUCTION}:secret:prod/payroll/db-{_ids.alnum(6)}"
ORDERS_SECRET = f"arn:aws:secretsmanager:{HOME}:{PRODUCTION}:secret:prod/orders/db-{_ids.alnum(6)}"
FLOW_LOGS = tuple(_ids.resource("fl") for _ in range(2))
KMS_KEYS = {(account, region): f"arn:aws:kms:{region}:{account}:key/{_ids.uuid()}" for account, region in CHAINS}
PAYROLL_KEY = f"arn:aws:kms:{EUROPE}:{PRODUCTION}:key/{_ids.uuid()}"
VPC_ENDPOINT = _ids.resource("vpce")


def table_arn(table: str) -> str:
    return f"arn:aws:dynamodb:{HOME}:{PRODUCTION}:table/{table}"


_CLI = "aws-cli/2.33.2 md/awscrt#0.29.1 ua/2.1 {system} md/pyimpl#CPython m/b,E cfg/retry-mode#standard md/prompt#off"
CLI_MAC = _CLI.format(system="os/macos#25.2.0 md/arch#arm64 lang/python#3.13.11")
CLI_LINUX = _CLI.format(system="os/linux#6.12.40 md/arch#x86_64 lang/python#3.13.11")
BOTO3 = "Boto3/1.42.44 md/Botocore#1.42.44 ua/2.1 os/linux#6.12.40 md/arch#x86_64 lang/python#3.12.9 md/pyimpl#CPython"
LAMBDA_SDK = f"{BOTO3} exec-env/AWS_Lambda_python3.12"
TERRAFORM = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.14.3 (+https://www.terraform.io) terraform-provider-aws/6.28.0 "
    "(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.41.1 ua/2.1 os/linux lang/go#1.25.5"
)
SSM_AGENT = "aws-sdk-go/1.55.5 (go1.24.2; linux; amd64) amazon-ssm-agent/3.3.3050.0"
CLOUDSHELL = f"{_CLI.format(system='os/linux#6.1.158 md/arch#x86_64 lang/python#3.13.11')} exec-env/CloudShell"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"
SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/26.2 Safari/605.1.15"
)


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    address: str
    browser: str
    agent: str

    @property
    def terminal(self) -> Client:
        return Client(self.address, self.agent)

    @property
    def window(self) -> Client:
        return Client(self.address, self.browser)


ANA = Person("ana.lima@example.com", "203.0.113.24", FIREFOX, CLI_LINUX)
"""Security engineer; finds the intrusion in the morning."""
JONAS = Person("jonas.weber@example.com", "203.0.113.57", SAFARI, CLI_MAC)
PRIYA = Person("priya.nair@example.com", "2001:db8:2a4c:10::b7", SAFARI, CLI_MAC)
TOM = Person("tom.becker@example.com", "2001:db8:2a4c:10::1d2", FIREFOX, CLI_LINUX)
PEOPLE = (ANA, JONAS, PRIYA, TOM)
RUNNER = Client("192.0.2.44", CLI_LINUX)
"""The build machine that `ci-deploy` has always called from."""
