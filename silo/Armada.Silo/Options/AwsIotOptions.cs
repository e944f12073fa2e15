namespace Armada.Silo.Options;

/// <summary>The AWS IoT Core that is a silo's broker and registry.</summary>
/// <param name="Region">Its region; null for the one that the AWS settings name.</param>
/// <param name="Endpoint">What answers instead of AWS, or null.</param>
/// <param name="RootCaFile">PEM file of the authority of its certificates; null for this machine's store.</param>
public sealed record AwsIotOptions(string? Region, Uri? Endpoint, string? RootCaFile);
