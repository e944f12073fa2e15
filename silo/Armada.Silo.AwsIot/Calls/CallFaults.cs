using System.Net;
using System.Text.Json;
using Amazon.Runtime;

namespace Armada.Silo.AwsIot.Calls;

/// <summary>What a failed call means.</summary>
internal static class CallFaults
{
    /// <summary>The thing, certificate, policy or group is not there.</summary>
    public const string NotFound = "ResourceNotFoundException";

    /// <summary>It is there already, and other than asked for.</summary>
    public const string Exists = "ResourceAlreadyExistsException";

    /// <summary>Somebody else changed it since it was read.</summary>
    public const string Changed = "VersionConflictException";

    /// <summary>Something is still attached; detaching takes AWS a few seconds.</summary>
    public const string StillAttached = "DeleteConflictException";

    private static readonly string[] Throttled = ["ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"];

    // Their messages repeat what was signed, with a session's token in it.
    private static readonly string[] Signing = ["SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignatureException", "IncompleteSignature"];

    /// <summary>Whether AWS gave this error.</summary>
    public static bool Is(this AmazonServiceException fault, string code) => fault.ErrorCode == code;

    /// <summary>Whether the same call may well do later.</summary>
    public static bool IsPassing(Exception fault) => IsThrottled(fault) || IsDoubtful(fault);

    /// <summary>Whether the call may have done its work although it failed.</summary>
    public static bool IsDoubtful(Exception fault) => fault switch
    {
        AmazonUnmarshallingException => true,
        AmazonServiceException service => service.StatusCode >= HttpStatusCode.InternalServerError || (service.StatusCode == 0 && IsCut(service.InnerException)),
        _ => IsCut(fault),
    };

    /// <summary>Whether it is a fault of a call at all, and not of this program.</summary>
    public static bool IsOfCall(Exception fault) => fault is AmazonServiceException or AmazonClientException || IsCut(fault);

    /// <summary>Words for people, without a secret.</summary>
    public static string Words(Exception fault) => fault switch
    {
        AmazonServiceException { ErrorCode: { Length: > 0 } code } service when Signing.Contains(code) => $"{code} ({(int)service.StatusCode})",
        AmazonServiceException { ErrorCode: { Length: > 0 } code } service => $"{code}: {service.Message}",
        HttpRequestException or IOException or AmazonServiceException { StatusCode: 0 } => "it is not reached",
        OperationCanceledException or TimeoutException => "it does not answer in time",
        _ => fault.Message,
    };

    /// <summary>The fault as a cause for a log; null where it has what no log may have.</summary>
    public static Exception? Cause(Exception fault) =>
        fault is AmazonServiceException { ErrorCode: { Length: > 0 } code } && Signing.Contains(code) ? null : fault;

    private static bool IsThrottled(Exception fault) =>
        fault is AmazonServiceException service && (service.StatusCode == HttpStatusCode.TooManyRequests || Throttled.Contains(service.ErrorCode));

    private static bool IsCut(Exception? fault) =>
        fault is HttpRequestException or IOException or OperationCanceledException or TimeoutException or JsonException;
}
