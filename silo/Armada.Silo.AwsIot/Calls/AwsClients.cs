using Amazon;
using Amazon.IoT;
using Amazon.IotData;
using Amazon.Runtime;

namespace Armada.Silo.AwsIot.Calls;

/// <summary>The SDK's clients, set up so that nothing but <see cref="CallRun"/> repeats a call.</summary>
internal static class AwsClients
{
    /// <summary>A client of the registry.</summary>
    /// <param name="settings">Where it is.</param>
    /// <param name="credentials">Who asks; null for the SDK's default chain.</param>
    public static AmazonIoTClient Registry(AwsIotSettings settings, AWSCredentials? credentials)
    {
        var config = SetUp(new AmazonIoTConfig(), settings);
        return credentials is null ? new RegistryClient(config) : new RegistryClient(credentials, config);
    }

    /// <summary>A client of shadows and topics.</summary>
    /// <param name="settings">How it is asked.</param>
    /// <param name="host">The account's endpoint.</param>
    /// <param name="credentials">Who asks; null for the SDK's default chain.</param>
    public static AmazonIotDataClient Data(AwsIotSettings settings, string host, AWSCredentials? credentials)
    {
        var config = SetUp(new AmazonIotDataConfig(), settings);
        if (settings.Endpoint is null)
            config.ServiceURL = $"https://{host}";
        if (settings.Region is { } region)
            config.AuthenticationRegion = region;
        return credentials is null ? new AmazonIotDataClient(config) : new AmazonIotDataClient(credentials, config);
    }

    private static T SetUp<T>(T config, AwsIotSettings settings) where T : ClientConfig
    {
        config.MaxErrorRetry = 0;
        config.Timeout = settings.AnswerWithin;
        if (settings.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = settings.Region;
        }
        else if (settings.Region is { } region)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        return config;
    }
}
