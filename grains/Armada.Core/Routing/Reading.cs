namespace Armada.Core.Routing;

/// <summary>Positions as people see them: what is not a number is no reading.</summary>
internal static class Reading
{
    public static double? OrNull(double position) => double.IsFinite(position) ? position : null;
}
