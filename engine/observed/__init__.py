"""What has been seen of deployments: the view, the health fold, admission."""
