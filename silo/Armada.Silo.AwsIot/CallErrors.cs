using System.Net;
using System.Text.Json;
using Amazon.Runtime;

namespace Armada.Silo.AwsIot;

/// <summary>Classifies and describes the errors of calls.</summary>
internal static class CallErrors
{
    public const string NotFound = "ResourceNotFoundException";
    public const string Exists = "ResourceAlreadyExistsException";
    public const string Changed = "VersionConflictException";

    /// <summary>Something is still attached; detaching takes AWS a few seconds.</summary>
    public const string StillAttached = "DeleteConflictException";

    private static readonly string[] Throttled = ["ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"];

    // Their messages repeat what was signed, with the session token in it.
    private static readonly string[] Signing = ["SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignatureException", "IncompleteSignature"];

    public static bool Is(this AmazonServiceException fault, string code) => fault.ErrorCode == code;

    public static bool IsTransient(Exception fault) => IsThrottled(fault) || IsAmbiguous(fault);

    public static bool IsAmbiguous(Exception fault) => fault switch
    {
        AmazonUnmarshallingException => true,
        AmazonServiceException service => service.StatusCode >= HttpStatusCode.InternalServerError || (service.StatusCode == 0 && IsConnectionFault(service.InnerException)),
        _ => IsConnectionFault(fault),
    };

    public static bool IsCallFault(Exception fault) => fault is AmazonServiceException or AmazonClientException || IsConnectionFault(fault);

    /// <exception cref="RegistryFailedException">A call failed; the message contains no secret.</exception>
    public static async Task<T> TranslateFaultsAsync<T>(string what, Func<Task<T>> calls, CancellationToken cancellation)
    {
        try
        {
            return await calls();
        }
        catch (Exception fault) when (!cancellation.IsCancellationRequested && IsCallFault(fault))
        {
            throw new RegistryFailedException($"{what}: AWS IoT Core failed: {Describe(fault)}; repeat the call", Cause(fault));
        }
    }

    public static string Describe(Exception fault) => fault switch
    {
        AmazonUnmarshallingException => "its answer broke off",
        AmazonServiceException { ErrorCode: { Length: > 0 } code } service when Signing.Contains(code) => $"{code} ({(int)service.StatusCode})",
        AmazonServiceException { ErrorCode: { Length: > 0 } code } service => $"{code}: {service.Message}",
        HttpRequestException or IOException or AmazonServiceException { StatusCode: 0 } => "it cannot be reached",
        OperationCanceledException or TimeoutException => "it did not answer in time",
        _ => fault.Message,
    };

    private static Exception? Cause(Exception fault) =>
        fault is AmazonServiceException { ErrorCode: { Length: > 0 } code } && Signing.Contains(code) ? null : fault;

    private static bool IsThrottled(Exception fault) =>
        fault is AmazonServiceException service && (service.StatusCode == HttpStatusCode.TooManyRequests || Throttled.Contains(service.ErrorCode));

    private static bool IsConnectionFault(Exception? fault) =>
        fault is HttpRequestException or IOException or OperationCanceledException or TimeoutException or JsonException;
}
