using OpenTelemetry.Trace;

namespace Armada.Silo.Telemetry;

/// <summary>
/// Samples what begins with a request. A grain call with nothing before it is a sample on its way, a door that listens or the watch over the
/// robots: many times a second, and no trace.
/// </summary>
internal sealed class RequestSampler : Sampler
{
    // Orleans names a call by its grain's interface and method, such as IRobotGrain/ListenAsync.
    private const string GrainCall = "Grain/";

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) => new(
        samplingParameters.Name.Contains(GrainCall, StringComparison.Ordinal) ? SamplingDecision.Drop : SamplingDecision.RecordAndSample);
}
