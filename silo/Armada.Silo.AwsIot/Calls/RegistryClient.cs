using Amazon.IoT;
using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace Armada.Silo.AwsIot.Calls;

/// <summary>
/// The SDK's client of the registry without its own retries: it repeats a call whose answer breaks off even where it is told to repeat
/// none, and tells nobody, so that a certificate would be made twice unseen.
/// </summary>
internal sealed class RegistryClient : AmazonIoTClient
{
    /// <summary>With the SDK's default chain of credentials.</summary>
    public RegistryClient(AmazonIoTConfig config) : base(config)
    {
    }

    /// <summary>With credentials.</summary>
    public RegistryClient(AWSCredentials credentials, AmazonIoTConfig config) : base(credentials, config)
    {
    }

    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.RemoveHandler<RetryHandler>();
    }
}
