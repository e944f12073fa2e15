namespace Armada.Silo.AwsIot;

/// <summary>The silo's own identity at AWS IoT Core.</summary>
public static class AwsSilo
{
    /// <summary>Names of silos begin with it; no device has such a name.</summary>
    public const string NamePrefix = "armada-silo";
}
