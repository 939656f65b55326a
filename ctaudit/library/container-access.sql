-- title: Ways into containers and clusters
-- answers: Who ran a command in a container, or gave somebody access to a cluster, its endpoint or an image?
-- technique: T1609, T1098.006, T1525
-- returns: eventtime, service, eventname, cluster, principal, requestparameters, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.cluster'),
                json_extract_scalar(requestparameters, '$.clusterName'),
                json_extract_scalar(requestparameters, '$.name'),
                json_extract_scalar(requestparameters, '$.repositoryName')) AS cluster,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       requestparameters,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE (eventsource = 'ecs.amazonaws.com' AND eventname = 'ExecuteCommand')
   OR (eventsource = 'eks.amazonaws.com'
       AND eventname IN ('CreateAccessEntry', 'UpdateAccessEntry', 'AssociateAccessPolicy', 'UpdateClusterConfig',
                         'AssociateIdentityProviderConfig', 'CreatePodIdentityAssociation', 'AccessKubernetesApi'))
   OR (eventsource = 'ecr.amazonaws.com' AND eventname IN ('PutImage', 'SetRepositoryPolicy', 'BatchDeleteImage'))
ORDER BY eventtime, eventid
