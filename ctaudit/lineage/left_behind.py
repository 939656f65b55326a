"""Which calls leave something behind, where its name stands in the record, and which calls take it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a call's record says what it made, and which calls take that away."""

    kind: str
    name: str
    """Where its name stands: paths with dots, the first that is there, `q` the request and `r` the response."""
    owner: str = ""
    """Where that stands which it is a part of."""
    undone: str = ""
    """Names of calls that take it away."""
    arn: str = ""
    unique_id: str = ""
    role: str = ""
    """Where a role stands that was passed on to it."""
    only: str = ""
    """Path that must be there: calls of this name do other things, too."""
    every: bool = False
    """Whether the name's path leads through a list of which each entry is a thing."""


_INLINE = "q.policyname"
RULES: Mapping[tuple[str, str], Rule] = {
    ("iam", "createuser"): Rule("user", "q.username", "", "deleteuser", "r.user.arn", "r.user.userid"),
    ("iam", "createrole"): Rule("role", "q.rolename", "", "deleterole", "r.role.arn", "r.role.roleid"),
    ("iam", "createaccesskey"): Rule(
        "access key",
        "r.accesskey.accesskeyid",
        "r.accesskey.username|q.username",
        "deleteaccesskey updateaccesskey deleteuser",
    ),
    ("iam", "createloginprofile"): Rule(
        "password", "q.username|r.loginprofile.username", "", "deleteloginprofile deleteuser"
    ),
    ("iam", "updateloginprofile"): Rule("password", "q.username", "", "deleteloginprofile deleteuser"),
    ("iam", "createservicespecificcredential"): Rule(
        *("service credential", "r.servicespecificcredential.servicespecificcredentialid", "q.username"),
        "deleteservicespecificcredential updateservicespecificcredential",
    ),
    ("iam", "uploadsigningcertificate"): Rule(
        "signing certificate", "r.certificate.certificateid", "r.certificate.username", "deletesigningcertificate"
    ),
    ("iam", "createvirtualmfadevice"): Rule(
        "MFA device", "r.virtualmfadevice.serialnumber", "", "deletevirtualmfadevice"
    ),
    ("iam", "enablemfadevice"): Rule("MFA device", "q.serialnumber", "q.username", "deactivatemfadevice"),
    ("iam", "createpolicy"): Rule("policy", "r.policy.arn|q.policyname", "", "deletepolicy", "r.policy.arn"),
    ("iam", "createpolicyversion"): Rule(
        "policy version", "r.policyversion.versionid", "q.policyarn", "deletepolicyversion"
    ),
    ("iam", "attachuserpolicy"): Rule("attached policy", "q.policyarn", "q.username", "detachuserpolicy"),
    ("iam", "attachrolepolicy"): Rule("attached policy", "q.policyarn", "q.rolename", "detachrolepolicy"),
    ("iam", "attachgrouppolicy"): Rule("attached policy", "q.policyarn", "q.groupname", "detachgrouppolicy"),
    ("iam", "putuserpolicy"): Rule("inline policy", _INLINE, "q.username", "deleteuserpolicy"),
    ("iam", "putrolepolicy"): Rule("inline policy", _INLINE, "q.rolename", "deleterolepolicy"),
    ("iam", "putgrouppolicy"): Rule("inline policy", _INLINE, "q.groupname", "deletegrouppolicy"),
    ("iam", "addusertogroup"): Rule("group membership", "q.username", "q.groupname", "removeuserfromgroup"),
    ("iam", "creategroup"): Rule("group", "q.groupname", "", "deletegroup"),
    ("iam", "updateassumerolepolicy"): Rule("trust policy", "q.rolename", "", "deleterole updateassumerolepolicy"),
    ("iam", "createinstanceprofile"): Rule("instance profile", "q.instanceprofilename", "", "deleteinstanceprofile"),
    ("iam", "addroletoinstanceprofile"): Rule(
        "role in instance profile", "q.rolename", "q.instanceprofilename", "removerolefrominstanceprofile"
    ),
    ("iam", "createsamlprovider"): Rule(
        "identity provider", "r.samlproviderarn|q.name", "", "deletesamlprovider", "r.samlproviderarn"
    ),
    ("iam", "createopenidconnectprovider"): Rule(
        "identity provider", "r.openidconnectproviderarn|q.url", "", "deleteopenidconnectprovider"
    ),
    ("lambda", "createfunction"): Rule(
        "function", "q.functionname", "", "deletefunction", "r.functionarn", "", "q.role|r.role"
    ),
    ("lambda", "updatefunctioncode"): Rule(
        "function code", "q.functionname", "", "deletefunction", "r.functionarn", "", "r.role"
    ),
    ("lambda", "addpermission"): Rule("function permission", "q.statementid", "q.functionname", "removepermission"),
    ("lambda", "createfunctionurlconfig"): Rule("function URL", "q.functionname", "", "deletefunctionurlconfig"),
    ("lambda", "createeventsourcemapping"): Rule("event source", "r.uuid", "", "deleteeventsourcemapping"),
    ("ec2", "runinstances"): Rule("instance", "r.instancesset.items.instanceid", "", "terminateinstances", every=True),
    ("ec2", "createkeypair"): Rule("key pair", "q.keyname", "", "deletekeypair"),
    ("ec2", "importkeypair"): Rule("key pair", "q.keyname", "", "deletekeypair"),
    ("ec2", "modifysnapshotattribute"): Rule(
        *("shared snapshot", "q.snapshotid", "", "modifysnapshotattribute resetsnapshotattribute deletesnapshot"),
        only="q.createvolumepermission.add",
    ),
    ("ec2", "modifyimageattribute"): Rule(
        *("shared image", "q.imageid", "", "modifyimageattribute resetimageattribute deregisterimage"),
        only="q.launchpermission.add",
    ),
    ("ec2", "authorizesecuritygroupingress"): Rule(
        "opened port", "q.groupid|q.groupname", "", "revokesecuritygroupingress deletesecuritygroup"
    ),
    ("rds", "modifydbsnapshotattribute"): Rule(
        *("shared snapshot", "q.dbsnapshotidentifier", "", "modifydbsnapshotattribute deletedbsnapshot"),
        only="q.valuestoadd",
    ),
    ("rds", "modifydbclustersnapshotattribute"): Rule(
        *("shared snapshot", "q.dbclustersnapshotidentifier", ""),
        *("modifydbclustersnapshotattribute deletedbclustersnapshot",),
        only="q.valuestoadd",
    ),
    ("s3", "putbucketpolicy"): Rule(
        "bucket policy", "q.bucketname", "", "deletebucketpolicy deletebucket putbucketpolicy"
    ),
    ("s3", "putbucketacl"): Rule("bucket ACL", "q.bucketname", "", "deletebucket putbucketacl"),
    ("s3", "putbucketreplication"): Rule(
        "bucket replication", "q.bucketname", "", "deletebucketreplication deletebucket"
    ),
    ("kms", "creategrant"): Rule("key grant", "r.grantid", "q.keyid", "revokegrant retiregrant"),
    ("kms", "putkeypolicy"): Rule("key policy", "q.keyid", "", "putkeypolicy"),
    ("secretsmanager", "putresourcepolicy"): Rule("secret policy", "q.secretid", "", "deleteresourcepolicy"),
    ("events", "putrule"): Rule("schedule or rule", "q.name", "", "deleterule disablerule"),
    ("scheduler", "createschedule"): Rule("schedule or rule", "q.name", "", "deleteschedule"),
    ("rolesanywhere", "createtrustanchor"): Rule(
        "trust anchor", "r.trustanchor.trustanchorid", "", "deletetrustanchor"
    ),
    ("cloudformation", "createstack"): Rule("stack", "q.stackname", "", "deletestack", "r.stackid", "", "q.rolearn"),
    ("cloudtrail", "stoplogging"): Rule("stopped trail", "q.name", "", "startlogging"),
    ("cloudtrail", "deletetrail"): Rule("deleted trail", "q.name", "", "createtrail"),
    ("cloudtrail", "puteventselectors"): Rule("changed trail", "q.trailname", "", "puteventselectors"),
    ("guardduty", "deletedetector"): Rule("deleted detector", "q.detectorid", "", ""),
}
"""(service, folded name of the call without the API's date) -> what it leaves behind."""
